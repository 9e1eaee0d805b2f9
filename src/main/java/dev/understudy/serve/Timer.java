package dev.understudy.serve;

import io.vertx.core.Vertx;

/** One thing that may happen later; setting it anew forgets what was set before. Confined to one event loop. */
final class Timer {
    private static final long NONE = -1;

    private final Vertx vertx;
    private long id = NONE;

    Timer(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Runs something on the calling event loop, unless it is cancelled before. */
    void set(long millis, Runnable then) {
        cancel();
        id = vertx.setTimer(Math.max(1, millis), fired -> {
            id = NONE;
            then.run();
        });
    }

    boolean isSet() {
        return id != NONE;
    }

    void cancel() {
        if (id != NONE) {
            vertx.cancelTimer(id);
            id = NONE;
        }
    }
}
