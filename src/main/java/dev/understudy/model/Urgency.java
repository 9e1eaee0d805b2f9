package dev.understudy.model;

/**
 * Who goes first when a small model has more to do than it can, the most urgent first. The less urgent keep what they
 * have and wait; they never take the last slot, and lose their place in a full queue to a more urgent one.
 */
public enum Urgency {
    /** A client waits for the answer. */
    LIVE("live"),
    /** A mirror of a call that has been answered. */
    SHADOW("shadow"),
    /** Work without anybody waiting: evaluations, exports. */
    BATCH("batch");

    private final String wire;

    Urgency(String wire) {
        this.wire = wire;
    }

    /** The name in the engine's parameters and in metrics. */
    public String wire() {
        return wire;
    }
}
