package dev.understudy.learn;

/** Where a small model stands with an errand. */
public enum GateState {
    /** Calls are counted; a few are tried off the path. */
    OBSERVE("observe"),
    /** The large model serves, the small one answers beside it and is compared. */
    SHADOW("shadow"),
    /** The small model serves a share of the sessions. */
    SERVE("serve"),
    /** It slipped: the large model has the errand back. */
    DEMOTED("demoted");

    private final String wire;

    GateState(String wire) {
        this.wire = wire;
    }

    /** The name in rows and answers. */
    public String wire() {
        return wire;
    }
}
