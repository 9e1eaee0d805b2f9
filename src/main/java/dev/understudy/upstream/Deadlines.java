package dev.understudy.upstream;

import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of one event loop, looked at together some fifty times a second while there are any. A timer for each
 * question would cost more than all other bookkeeping of it, and hardly any ever fires. Confined to its loop.
 */
final class Deadlines {
    /** Whoever waits is told at most so much too late. */
    private static final long TICK_MILLIS = 20;

    private final Vertx vertx;
    private @Nullable Deadline first;
    private boolean ticking;

    Deadlines(Vertx vertx) {
        this.vertx = vertx;
    }

    /** A place in the list, taken again and again by one waiter. */
    static final class Deadline {
        private final Runnable whenDue;
        private @Nullable Deadline before;
        private @Nullable Deadline after;
        private long atNanos;
        private boolean set;

        /**
         * @param whenDue told on the loop; it may set the deadline again
         */
        Deadline(Runnable whenDue) {
            this.whenDue = whenDue;
        }
    }

    /** Sets a deadline, or moves it. */
    void set(Deadline deadline, long atNanos) {
        deadline.atNanos = atNanos;
        if (!deadline.set) {
            deadline.set = true;
            deadline.after = first;
            if (first != null) {
                first.before = deadline;
            }
            first = deadline;
        }
        if (!ticking) {
            ticking = true;
            vertx.setTimer(TICK_MILLIS, fired -> tick());
        }
    }

    /** Takes a deadline away; one that is not set is left alone. */
    void clear(Deadline deadline) {
        if (!deadline.set) {
            return;
        }
        deadline.set = false;
        Deadline before = deadline.before;
        Deadline after = deadline.after;
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after != null) {
            after.before = before;
        }
        deadline.before = null;
        deadline.after = null;
    }

    private void tick() {
        long now = System.nanoTime();
        List<Deadline> due = new ArrayList<>();
        for (Deadline deadline = first; deadline != null; deadline = deadline.after) {
            if (now - deadline.atNanos >= 0) {
                due.add(deadline);
            }
        }
        for (Deadline deadline : due) {
            // whoever was told before may have cleared or moved it
            if (deadline.set && now - deadline.atNanos >= 0) {
                clear(deadline);
                deadline.whenDue.run();
            }
        }
        ticking = first != null;
        if (ticking) {
            vertx.setTimer(TICK_MILLIS, fired -> tick());
        }
    }
}
