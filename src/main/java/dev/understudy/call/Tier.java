package dev.understudy.call;

/** Who answered: the small model, the large one, or nobody. */
public enum Tier {
    SLM("slm"),
    LLM("llm"),
    NONE("none");

    private final String wire;

    Tier(String wire) {
        this.wire = wire;
    }

    /** The name in policy files, rows and metrics. */
    public String wire() {
        return wire;
    }
}
