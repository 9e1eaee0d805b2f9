package dev.understudy.call;

/** What a recorded body may be used for; the bits are those of column {@code purposes}. */
public enum Purpose {
    DEBUG("debug", 1),
    EVALUATION("evaluation", 2),
    TRAINING("training", 4);

    private final String wire;
    private final int bit;

    Purpose(String wire, int bit) {
        this.wire = wire;
        this.bit = bit;
    }

    /** The name in policy files. */
    public String wire() {
        return wire;
    }

    /** The bit in column {@code purposes}. */
    public int bit() {
        return bit;
    }
}
