package dev.understudy.call;

/** The part of OpenAI's surface that a call uses. */
public enum Api {
    CHAT("chat"),
    RESPONSES("responses"),
    OTHER("other");

    private final String wire;

    Api(String wire) {
        this.wire = wire;
    }

    /** The name in policy files, rows and metrics. */
    public String wire() {
        return wire;
    }
}
