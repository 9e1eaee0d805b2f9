package dev.understudy.call;

/** Where in an agent's loop a call stands, read from the end of its messages. */
public enum Phase {
    ERROR_REPAIR("error_repair"),
    FINAL_ANSWER("final_answer"),
    TOOL_CONTINUATION("tool_continuation"),
    USER_TURN("user_turn");

    private final String wire;

    Phase(String wire) {
        this.wire = wire;
    }

    /** The name in policy files, rows and metrics. */
    public String wire() {
        return wire;
    }
}
