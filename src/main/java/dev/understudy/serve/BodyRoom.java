package dev.understudy.serve;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Memory for bodies that are large, of all calls together: many at once must not take the gateway down. Small ones are
 * not counted. Safe for use from many threads.
 */
final class BodyRoom {
    private final BodyLimits limits;
    private final AtomicLong held = new AtomicLong();

    BodyRoom(BodyLimits limits) {
        this.limits = limits;
    }

    /** What each request may cost. */
    BodyLimits limits() {
        return limits;
    }

    /** Takes so many bytes, or none and says false. */
    boolean take(long bytes) {
        if (held.addAndGet(bytes) > limits.room()) {
            held.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void give(long bytes) {
        held.addAndGet(-bytes);
    }

    /** Bytes taken at the moment. */
    long held() {
        return held.get();
    }
}
