package dev.understudy.model;

/**
 * Whether a model can be asked.
 *
 * @param state the answer
 * @param reason what is missing and the remedy; of a model that is ready what a person should know, mostly nothing
 * @param waitSeconds until another look is worth it; 0 when nobody can say
 */
public record Readiness(State state, String reason, int waitSeconds) {
    /** Ready to be asked. */
    public static final Readiness READY = new Readiness(State.READY, "", 0);

    /** Ready to be asked, with something that a person should know: it does not run where it should. */
    public static Readiness ready(String reason) {
        return new Readiness(State.READY, reason, 0);
    }

    /** Missing something that only a person can supply. */
    public static Readiness unavailable(String reason) {
        return new Readiness(State.UNAVAILABLE, reason, 0);
    }

    /** Being prepared: weights load or download. */
    public static Readiness loading(String reason) {
        return new Readiness(State.LOADING, reason, 0);
    }

    /** Left alone for a while after too many failures. */
    public static Readiness failing(String reason, int waitSeconds) {
        return new Readiness(State.FAILING, reason, waitSeconds);
    }

    /** The states of a model. */
    public enum State {
        READY("ready"),
        LOADING("loading"),
        FAILING("failing"),
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
