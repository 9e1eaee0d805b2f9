package dev.understudy.serve;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;

/** The end of a connection whose client may still be sending what nobody wants. Confined to its event loop. */
final class Farewell {
    private static final long MOST_MILLIS = 10_000;

    private final Vertx vertx;
    private final HttpServerRequest request;
    private final long silentMillis;
    private final long startedNanos = System.nanoTime();
    private long lastNanos = startedNanos;

    Farewell(Vertx vertx, HttpServerRequest request, Duration silent) {
        this.vertx = vertx;
        this.request = request;
        this.silentMillis = silent.toMillis();
    }

    /** Begins to throw away what comes; the answer was sent, or is sent now. */
    void begin() {
        request.handler(chunk -> lastNanos = System.nanoTime());
        // Nothing may follow on this connection: its answer said so.
        request.endHandler(end -> request.connection().close());
        request.resume();
        arm(silentMillis);
    }

    private void arm(long millis) {
        vertx.setTimer(millis, fired -> {
            long now = System.nanoTime();
            long left = silentMillis - (now - lastNanos) / 1_000_000;
            boolean late = (now - startedNanos) / 1_000_000 >= MOST_MILLIS;
            if (left <= 0 || late) {
                request.connection().close();
            } else if (!request.isEnded()) {
                arm(Math.max(1, left));
            }
        });
    }
}
