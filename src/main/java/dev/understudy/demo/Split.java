package dev.understudy.demo;

/** The two halves of the demo's language: what a small model may learn from, and what it is judged by. */
public enum Split {
    TRAIN("train"),
    HELD_OUT("held-out");

    private static final int HELD_OUT_ONE_IN = 5;

    private final String wire;

    Split(String wire) {
        this.wire = wire;
    }

    /** How files and command lines spell it. */
    public String wire() {
        return wire;
    }

    /** The half to which a value belongs, for ever: told by its hash alone, so that no list has to be kept in two parts. */
    public static Split of(String value) {
        return Math.floorMod(value.hashCode(), HELD_OUT_ONE_IN) == 0 ? HELD_OUT : TRAIN;
    }

    /** The half with this spelling; {@link IllegalArgumentException} if there is none. */
    public static Split ofWire(String wire) {
        for (Split split : values()) {
            if (split.wire.equals(wire)) {
                return split;
            }
        }
        throw new IllegalArgumentException("split must be train or held-out, was " + wire);
    }
}
