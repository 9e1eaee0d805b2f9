package dev.understudy.call;

import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call from first byte to last, whoever ended it. A call that was refused before it was understood has no signals
 * and no decision.
 *
 * @param served the try whose answer was sent (1 for the first); null when none was
 * @param route how the answer came about; null when there was none
 * @param status HTTP status that was sent; 499 when the client left before the head
 * @param error code of the error that the caller got, or null
 * @param escalation the step of the ladder or failure code for which a small model's try gave way; null when none did
 * @param overheadMicros our own time before the first target was asked
 * @param firstContentMicros when content first left; null when none did
 * @param endMicros when the exchange was over
 * @param cost of all tries; null when one of them is unpriced
 * @param baseline what the baseline model would have cost; null when unpriced
 */
public record Interaction(
        Call call,
        Caller caller,
        @Nullable Signals signals,
        @Nullable Decision decision,
        List<Attempt> attempts,
        @Nullable Integer served,
        @Nullable Route route,
        Outcome outcome,
        int status,
        @Nullable String error,
        @Nullable String escalation,
        long overheadMicros,
        @Nullable Long firstContentMicros,
        long endMicros,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal baseline) {
    public Interaction {
        attempts = List.copyOf(attempts);
    }

    /** How the answer came about. */
    public enum Route {
        DIRECT("direct"),
        /** A small model's answer was held back and verified, and sent or replaced. */
        CASCADE("cascade"),
        FALLBACK("fallback");

        private final String wire;

        Route(String wire) {
            this.wire = wire;
        }

        /** The name in rows and headers. */
        public String wire() {
            return wire;
        }
    }

    /** How a call ended. */
    public enum Outcome {
        COMPLETED("completed"),
        CLIENT_GONE("client_gone"),
        FAILED("failed"),
        DENIED("denied");

        private final String wire;

        Outcome(String wire) {
            this.wire = wire;
        }

        /** The name in rows and metrics. */
        public String wire() {
            return wire;
        }
    }
}
