package dev.understudy.access;

import org.jspecify.annotations.Nullable;

/**
 * How much the callers of one team or app may ask for together, as ops wrote it; null where nothing is said.
 *
 * @param requestsPerMinute calls that may begin, at least 1
 * @param tokensPerMinute tokens read and written, at least 1
 * @param concurrent calls at a time, at least 1
 */
public record CallLimits(
        @Nullable Integer requestsPerMinute,
        @Nullable Integer tokensPerMinute,
        @Nullable Integer concurrent) {
    /** Nothing is limited. */
    public static final CallLimits NONE = new CallLimits(null, null, null);

    public CallLimits {
        check("requestsPerMinute", requestsPerMinute);
        check("tokensPerMinute", tokensPerMinute);
        check("concurrent", concurrent);
    }

    private static void check(String field, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new IllegalArgumentException(field + " must be at least 1, got " + value);
        }
    }
}
