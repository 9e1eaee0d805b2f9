package dev.understudy.slm;

/** Setting {@code understudy.slm.cuda}: what becomes of models that may or should run on a GPU. */
public enum CudaUse {
    /** On a GPU where one can be used and holds them, else on the CPU, with the reason. */
    AUTO("auto"),
    /** On the CPU; no plug-in is loaded. */
    OFF("off"),
    /** On a GPU or not at all. */
    REQUIRE("require");

    private final String wire;

    CudaUse(String wire) {
        this.wire = wire;
    }

    /** As the setting has it. */
    public String wire() {
        return wire;
    }

    /**
     * Reads the setting.
     *
     * @throws IllegalArgumentException with the values there are
     */
    public static CudaUse of(String text) {
        for (CudaUse use : values()) {
            if (use.wire.equals(text)) {
                return use;
            }
        }
        throw new IllegalArgumentException("understudy.slm.cuda is auto, off or require");
    }
}
