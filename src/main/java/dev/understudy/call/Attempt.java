package dev.understudy.call;

import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One try on one model.
 *
 * @param n 1 for the first try of a call
 * @param role its part in the call
 * @param model name in the catalogue
 * @param variant hash of the exact way the small model was run; null for a large one
 * @param startMicros when it was sent or submitted
 * @param queueMicros how long it waited for a slot; null when it did not
 * @param firstContentMicros when its first content came; null when none came
 * @param endMicros when it ended
 * @param status the upstream's status, or null
 * @param error failure code, or null when it ended well
 * @param finish finish reason, or null
 * @param tokens what was read and written
 * @param device where the small model ran, or null
 * @param deviceMicros device time spent on it, or null
 * @param minMargin least margin over the answer's tokens, or null
 * @param meanMargin mean margin over the same tokens, or null
 * @param verify the steps of the ladder that ran
 * @param accepted whether its answer was the one sent
 * @param answer what it answered, or null when nothing is kept
 * @param rawText all that a small model wrote, before it was read; null when nothing is kept
 * @param upstreamRequestId the provider's own id, or null
 * @param cost in the catalogue's currency; null when unpriced
 */
public record Attempt(
        int n,
        Role role,
        Tier tier,
        String model,
        @Nullable String variant,
        long startMicros,
        @Nullable Long queueMicros,
        @Nullable Long firstContentMicros,
        long endMicros,
        @Nullable Integer status,
        @Nullable String error,
        @Nullable String finish,
        TokenCount tokens,
        @Nullable String device,
        @Nullable Long deviceMicros,
        @Nullable Double minMargin,
        @Nullable Double meanMargin,
        List<VerifyStep> verify,
        boolean accepted,
        @Nullable AnswerBytes answer,
        @Nullable String rawText,
        @Nullable String upstreamRequestId,
        @Nullable BigDecimal cost) {
    public Attempt {
        verify = List.copyOf(verify);
    }

    /** The record says which try it is, never what was written. */
    @Override
    public String toString() {
        return "Attempt[" + n + " " + role.wire() + " " + model + "]";
    }

    /** Which part a try plays in its call. */
    public enum Role {
        SERVE("serve"),
        /** A large model that answers since a small one's answer did not pass. */
        ESCALATE("escalate"),
        FALLBACK("fallback"),
        /** Answers beside, unheard. */
        MIRROR("mirror");

        private final String wire;

        Role(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }
}
