package dev.understudy.access;

import java.math.BigDecimal;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One call that was let in: a place is taken, and tokens are set aside. Whoever holds it ends it once, however the call
 * went; ending it again does nothing. For one event loop.
 */
public final class Admission {
    /** Of a caller whom nothing limits. */
    public static final Admission FREE = new Admission(null, 0, 0, Instant.EPOCH, null);

    private final @Nullable Allowance allowance;
    private final long reserved;
    private final long takenAt;
    private final Instant receivedAt;
    private final @Nullable Standing standing;
    private boolean left;
    private boolean over;

    Admission(
            @Nullable Allowance allowance,
            long reserved,
            long takenAt,
            Instant receivedAt,
            @Nullable Standing standing) {
        this.allowance = allowance;
        this.reserved = reserved;
        this.takenAt = takenAt;
        this.receivedAt = receivedAt;
        this.standing = standing;
    }

    /** Where the caller's limits stand, or null when neither requests nor tokens of a minute are limited. */
    public @Nullable Standing standing() {
        return standing;
    }

    /**
     * Gives the call's place back, just before its last bytes leave: who reads them may begin its next call at once. The
     * end of the call does so too; the place is given back once.
     */
    public void leave() {
        if (allowance != null && !left) {
            left = true;
            allowance.leave();
        }
    }

    /**
     * The call is over.
     *
     * @param tokens that were read and written, by all tries
     * @param cost of all tries; null when unpriced, which no budget counts
     */
    public void end(long tokens, @Nullable BigDecimal cost) {
        if (allowance == null || over) {
            return;
        }
        over = true;
        leave();
        allowance.settle(reserved, tokens, takenAt, cost, receivedAt);
    }
}
