package dev.understudy.access;

import org.jspecify.annotations.Nullable;

/**
 * Where the limits of a caller stand, for the headers of its answer: of team and app the one with less left.
 *
 * @param requests in a minute, or null when those are not limited
 * @param tokens in a minute, or null when those are not limited
 */
public record Standing(@Nullable Rate requests, @Nullable Rate tokens) {
    /**
     * One limit.
     *
     * @param limit units of a minute
     * @param remaining units that may be taken at once
     * @param resetNanos until all of them may be
     */
    public record Rate(int limit, long remaining, long resetNanos) {
        private static final long MILLI = 1_000_000;
        private static final long SECOND = 1_000 * MILLI;
        private static final long MINUTE_SECONDS = 60;

        /** Of two limits the one with less left; either may be null. */
        static @Nullable Rate stricter(@Nullable Rate one, @Nullable Rate other) {
            if (one == null || other == null) {
                return one == null ? other : one;
            }
            return other.remaining < one.remaining ? other : one;
        }

        /** When all is back, as OpenAI writes it: {@code 0s}, {@code 20ms}, {@code 12s}, {@code 6m0s}; rounded up. */
        public String reset() {
            if (resetNanos <= 0) {
                return "0s";
            }
            if (resetNanos <= SECOND - MILLI) {
                return (resetNanos + MILLI - 1) / MILLI + "ms";
            }
            long seconds = (resetNanos + SECOND - 1) / SECOND;
            long minutes = seconds / MINUTE_SECONDS;
            if (minutes == 0) {
                return seconds + "s";
            }
            String rest = minutes % MINUTE_SECONDS + "m" + seconds % MINUTE_SECONDS + "s";
            return minutes < MINUTE_SECONDS ? rest : minutes / MINUTE_SECONDS + "h" + rest;
        }
    }
}
