package dev.understudy.call;

/** What kind of errand a call is, read from the shape of its request. */
public enum Kind {
    CHAT("chat"),
    DECIDE("decide"),
    TOOL_CALL("tool_call"),
    CLASSIFY("classify"),
    EXTRACT("extract"),
    GENERATE("generate"),
    ANSWER("answer");

    private final String wire;

    Kind(String wire) {
        this.wire = wire;
    }

    /** The name in policy files, rows and metrics. */
    public String wire() {
        return wire;
    }
}
