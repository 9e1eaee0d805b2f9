package dev.understudy.access;

import java.util.concurrent.atomic.AtomicInteger;

/** Calls under way of one team or app. Who takes a place gives it back exactly once. */
final class Places {
    private final AtomicInteger taken = new AtomicInteger();

    /** Takes one unless so many are taken already. */
    boolean take(int most) {
        int now = taken.get();
        while (now < most) {
            if (taken.compareAndSet(now, now + 1)) {
                return true;
            }
            now = taken.get();
        }
        return false;
    }

    void give() {
        taken.decrementAndGet();
    }

    int taken() {
        return taken.get();
    }
}
