package dev.understudy.model;

/**
 * Whether a model can be asked.
 *
 * @param state the answer
 * @param reason what is missing and the remedy; empty when ready
 */
public record Readiness(State state, String reason) {
    /** Ready to be asked. */
    public static final Readiness READY = new Readiness(State.READY, "");

    /** Missing something that only a person can supply. */
    public static Readiness unavailable(String reason) {
        return new Readiness(State.UNAVAILABLE, reason);
    }

    /** Being prepared: weights load or download. */
    public static Readiness loading(String reason) {
        return new Readiness(State.LOADING, reason);
    }

    /** The states of a model. */
    public enum State {
        READY("ready"),
        LOADING("loading"),
        UNAVAILABLE("unavailable");

        private final String wire;

        State(String wire) {
            this.wire = wire;
        }

        /** The name in health and on pages. */
        public String wire() {
            return wire;
        }
    }
}
