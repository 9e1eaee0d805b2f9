package dev.understudy.upstream;

import dev.understudy.model.ModelFailure;

/** What a failure says of the upstream's health: only what is its own fault counts against it. */
final class Health {
    private static final int SERVER_ERROR = 500;

    private Health() {}

    /**
     * What the breaker is told.
     *
     * @param impatient whether it was the client's own time limit that was met
     */
    static Breaker.Verdict verdict(ModelFailure failure, boolean impatient) {
        return switch (failure.code()) {
            case UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT -> impatient ? Breaker.Verdict.NEITHER : Breaker.Verdict.FAILED;
            case UPSTREAM_TRUNCATED -> Breaker.Verdict.FAILED;
            case UPSTREAM_ERROR ->
                failure.status() == null || failure.status() >= SERVER_ERROR
                        ? Breaker.Verdict.FAILED
                        : Breaker.Verdict.GOOD;
            case UPSTREAM_MALFORMED, UPSTREAM_EVENT_TOO_LARGE -> Breaker.Verdict.GOOD;
            case UPSTREAM_FAILING,
                    UPSTREAM_BUSY,
                    UNAVAILABLE,
                    OVERLOADED,
                    INVALID,
                    UNSUPPORTED,
                    CONTEXT_LENGTH,
                    UNPARSED,
                    DEADLINE,
                    INTERNAL -> Breaker.Verdict.NEITHER;
        };
    }
}
