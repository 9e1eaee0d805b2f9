package dev.understudy.openai;

/** A way in which an upstream's answer differed from OpenAI's and was put right. */
public enum Deviation {
    /** Comments, fields other than data, events without data. */
    DROPPED("dropped"),
    /** Line ends, a byte order mark, a missing space, several data lines. */
    FRAMING("framing"),
    /** Bytes that are no UTF-8. */
    UTF8("utf8"),
    /** {@code "error":null}. */
    ERROR_NULL("error_null"),
    /** {@code choices} absent or null. */
    CHOICES("choices"),
    /** Something came after a finish reason. */
    AFTER_FINISH("after_finish"),
    /** The end mark did not come. */
    NO_DONE("no_done"),
    /** An event of the Responses API had no {@code event:} line. */
    EVENT_NAME("event_name"),
    /** An event was missing that must stand before one that came. */
    EVENT_MISSING("event_missing"),
    /** An {@code item_id} was absent or not the one that had been announced. */
    ITEM_ID("item_id"),
    /** The last event had no output though items had been told. */
    OUTPUT_EMPTY("output_empty"),
    /** An {@code error} came and no last event. */
    ERROR_ALONE("error_alone");

    private final String wire;

    Deviation(String wire) {
        this.wire = wire;
    }

    /** The name in metrics. */
    public String wire() {
        return wire;
    }
}
