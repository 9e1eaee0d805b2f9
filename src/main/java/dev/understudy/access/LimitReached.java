package dev.understudy.access;

import org.jspecify.annotations.Nullable;

/** A caller is known and has asked for more than its team or app may have. It carries no stack trace. */
public final class LimitReached extends Exception {
    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final int waitSeconds;
    private final transient @Nullable Standing standing;

    /**
     * @param message for the caller; ends in a sentence about another try, where one makes sense
     * @param waitSeconds 1 to 60; 0 where another try makes no sense
     * @param standing where the limits stand, or null when there are none
     */
    LimitReached(Kind kind, String message, int waitSeconds, @Nullable Standing standing) {
        super(message, null, false, false);
        this.kind = kind;
        this.waitSeconds = waitSeconds;
        this.standing = standing;
    }

    /** The same with what the answer's headers say. */
    LimitReached with(@Nullable Standing where) {
        return new LimitReached(kind, String.valueOf(getMessage()), waitSeconds, where);
    }

    /** Which limit. */
    public Kind kind() {
        return kind;
    }

    /** When to try again: 1 to 60 seconds, or 0 for not at all. */
    public int waitSeconds() {
        return waitSeconds;
    }

    /** Where the caller's limits stand, or null when it has none. */
    public @Nullable Standing standing() {
        return standing;
    }

    /** What there was too much of. */
    public enum Kind {
        /** Calls in a minute. */
        REQUESTS("requests"),
        /** Tokens in a minute. */
        TOKENS("tokens"),
        /** Calls at a time. */
        CONCURRENT("concurrent"),
        /** Money in a window. */
        BUDGET("budget");

        private final String wire;

        Kind(String wire) {
            this.wire = wire;
        }

        /** The name in metrics. */
        public String wire() {
            return wire;
        }
    }
}
