package dev.understudy.call;

/** How delicate the contents of a call are, from the least to the strictest. */
public enum Sensitivity {
    PUBLIC("public"),
    INTERNAL("internal"),
    PERSONAL("personal"),
    RESTRICTED("restricted");

    private final String wire;

    Sensitivity(String wire) {
        this.wire = wire;
    }

    /** The name in policy files, rows and metrics. */
    public String wire() {
        return wire;
    }
}
