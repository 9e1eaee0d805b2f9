package dev.understudy.demo;

/** What the demo agent has done for it, with the share of each in its inbox. */
public enum DemoErrand {
    /** The right one of five tools with its arguments. */
    TOOLS("demo-tools", 45),
    /** One of ten intents, as an enum in a schema. */
    TRIAGE("demo-triage", 25),
    /** A tool loop: look up, read the result, answer. */
    LOOKUP("demo-lookup", 8),
    /** The fields of an order, by schema. */
    ORDER("demo-order", 6),
    /** Subject and tags as a JSON object. */
    SUBJECT("demo-subject", 5),
    /** One sentence to a customer. */
    REPLY("demo-reply", 6),
    /** Plan a case with high reasoning effort: stays with the LLM. */
    PLAN("demo-plan", 5);

    private final String wire;
    private final int percent;

    DemoErrand(String wire, int percent) {
        this.wire = wire;
        this.percent = percent;
    }

    /** Its name in files, task names and reports. */
    public String wire() {
        return wire;
    }

    /** Its share of the inbox, in percent; all shares add up to 100. */
    public int percent() {
        return percent;
    }

    /** The errand with this name; {@link IllegalArgumentException} if there is none. */
    public static DemoErrand ofWire(String wire) {
        for (DemoErrand errand : values()) {
            if (errand.wire.equals(wire)) {
                return errand;
            }
        }
        throw new IllegalArgumentException("no demo errand is called " + wire);
    }
}
