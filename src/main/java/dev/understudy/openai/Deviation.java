package dev.understudy.openai;

/** A way in which an upstream's answer differed from OpenAI's: put right, or the reason why there is none. */
public enum Deviation {
    /** Comments, fields other than data, events without data, pings, chunks that say nothing. */
    DROPPED("dropped"),
    /** Line ends, a byte order mark, a missing space, several data lines. */
    FRAMING("framing"),
    /** Bytes that are no UTF-8. */
    UTF8("utf8"),
    /** A stream or a JSON answer under the name of something else. */
    CONTENT_TYPE("content_type"),
    /** A JSON answer where a stream was asked for. */
    JSON_FOR_STREAM("json_for_stream"),
    /** A stream where a JSON answer was asked for. */
    STREAM_FOR_JSON("stream_for_json"),
    /** {@code "error":null}. */
    ERROR_NULL("error_null"),
    /** {@code choices} absent or null. */
    CHOICES("choices"),
    /** {@code id}, {@code object}, {@code created} or {@code model} absent, empty, or not the same all along. */
    CONSTANTS("constants"),
    /** Usage where it does not belong. */
    USAGE("usage"),
    /** Something came after a finish reason. */
    AFTER_FINISH("after_finish"),
    /** The role said again, or not at all. */
    ROLE("role"),
    /** Indexes of tool calls that do not count from zero. */
    TOOL_INDEX("tool_index"),
    /** {@code id}, {@code type} or name of a tool call absent or said again; arguments that are no text. */
    TOOL_FIELDS("tool_fields"),
    /** Another required member absent, or null where it may not be. */
    MEMBERS("members"),
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
    ERROR_ALONE("error_alone"),
    /** Something came after the end mark. */
    AFTER_DONE("after_done"),
    /** The stream ended before the answer did. */
    TRUNCATED("truncated"),
    /** No JSON, no event stream, nothing. */
    MALFORMED("malformed"),
    /** An error told under a status of success. */
    ERROR("error"),
    /** One event of more than 16 MiB. */
    EVENT_TOO_LARGE("event_too_large");

    private final String wire;

    Deviation(String wire) {
        this.wire = wire;
    }

    /** The name in metrics. */
    public String wire() {
        return wire;
    }
}
