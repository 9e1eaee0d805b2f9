package dev.understudy.access;

import org.jspecify.annotations.Nullable;

/** The limits of one team or one app while they are used. A later version of the files keeps what did not change. */
final class Meter {
    /** How soon a place may come free; nobody can know. */
    private static final int PLACE_SECONDS = 1;

    private static final int LONGEST_SECONDS = 60;
    private static final long SECOND = 1_000_000_000L;

    private final String scope;
    private final @Nullable Bucket requests;
    private final @Nullable Bucket tokens;
    private final Places places;
    /** 0: as many as come. */
    private final int concurrent;

    private Meter(
            String scope, @Nullable Bucket requests, @Nullable Bucket tokens, Places places, @Nullable Integer most) {
        this.scope = scope;
        this.requests = requests;
        this.tokens = tokens;
        this.places = places;
        this.concurrent = most == null ? 0 : most;
    }

    /**
     * @param scope what messages call it: {@code team `support`}
     * @param before the meter of the same team or app until then, or null
     */
    static Meter of(String scope, CallLimits limits, @Nullable Meter before, long now) {
        return new Meter(
                scope,
                bucket(limits.requestsPerMinute(), before == null ? null : before.requests, now),
                bucket(limits.tokensPerMinute(), before == null ? null : before.tokens, now),
                before == null ? new Places() : before.places,
                limits.concurrent());
    }

    private static @Nullable Bucket bucket(@Nullable Integer perMinute, @Nullable Bucket before, long now) {
        if (perMinute == null) {
            return null;
        }
        return before != null && before.perMinute() == perMinute ? before : new Bucket(perMinute, now);
    }

    /**
     * Takes a place, a request and so many tokens; all of them or nothing. What one limit gives and another refuses is
     * away for the blink between the two.
     */
    @Nullable
    LimitReached take(long tokenCount, long now) {
        if (!places.take(concurrent == 0 ? Integer.MAX_VALUE : concurrent)) {
            return refusal(
                    LimitReached.Kind.CONCURRENT,
                    "calls at a time: Limit " + concurrent + ", Requested 1",
                    PLACE_SECONDS * SECOND);
        }
        long wait = requests == null ? 0 : requests.take(1, now);
        if (requests != null && wait > 0) {
            places.give();
            return refusal(
                    LimitReached.Kind.REQUESTS,
                    "requests per min (RPM): Limit " + requests.perMinute() + ", Requested 1",
                    wait);
        }
        wait = tokens == null ? 0 : tokens.take(tokenCount, now);
        if (tokens != null && wait > 0) {
            places.give();
            if (requests != null) {
                requests.settle(1, 0, now, now);
            }
            return refusal(
                    LimitReached.Kind.TOKENS,
                    "tokens per min (TPM): Limit " + tokens.perMinute() + ", Requested " + tokenCount,
                    wait);
        }
        return null;
    }

    /** Gives everything back, since the call was refused after all. */
    void untake(long tokenCount, long takenAt) {
        leave();
        if (requests != null) {
            requests.settle(1, 0, takenAt, takenAt);
        }
        settle(tokenCount, 0, takenAt, takenAt);
    }

    /** Gives the place back. */
    void leave() {
        places.give();
    }

    /** The call has used so many tokens. */
    void settle(long reserved, long used, long takenAt, long now) {
        if (tokens != null) {
            tokens.settle(reserved, used, takenAt, now);
        }
    }

    boolean hasRates() {
        return requests != null || tokens != null;
    }

    Standing.@Nullable Rate requests(long now) {
        return rate(requests, now);
    }

    Standing.@Nullable Rate tokens(long now) {
        return rate(tokens, now);
    }

    /** Calls under way. */
    int taken() {
        return places.taken();
    }

    private static Standing.@Nullable Rate rate(@Nullable Bucket bucket, long now) {
        return bucket == null
                ? null
                : new Standing.Rate(bucket.perMinute(), bucket.remaining(now), bucket.untilFull(now));
    }

    private LimitReached refusal(LimitReached.Kind kind, String limit, long waitNanos) {
        int seconds = (int) Math.clamp((waitNanos + SECOND - 1) / SECOND, 1L, (long) LONGEST_SECONDS);
        String message = "Rate limit reached for " + scope + " on " + limit + ". Please try again in " + seconds + "s.";
        return new LimitReached(kind, message, seconds, null);
    }
}
