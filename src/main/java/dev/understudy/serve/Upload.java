package dev.understudy.serve;

import dev.understudy.model.Relayed;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/**
 * A body on its way from the client to an upstream, unread and never held: the client is asked for more only when the
 * upstream has taken what came before.
 */
final class Upload {
    /** A body may have so many bytes. */
    static final long MOST_BYTES = 512L << 20;

    private static final long NO_TIMER = -1;

    private final PassedCall passed;
    private final Relayed relayed;
    private final HttpServerRequest request;
    private boolean begun;
    private boolean waits;
    private boolean over;
    private long bytes;
    private long lastNanos;
    private long timer = NO_TIMER;

    Upload(PassedCall passed, Relayed relayed) {
        this.passed = passed;
        this.relayed = relayed;
        this.request = passed.request();
    }

    /** The upstream takes more. */
    void goOn() {
        if (over) {
            return;
        }
        lastNanos = System.nanoTime();
        waits = false;
        if (!begun) {
            begin();
        }
        request.resume();
    }

    /** Nothing more is wanted. */
    void stop() {
        over = true;
        stopTimer();
    }

    static ApiFailure tooLarge() {
        return new ApiFailure(ApiError.REQUEST_TOO_LARGE, "The body is larger than " + (MOST_BYTES >> 20) + " MiB.");
    }

    private void begin() {
        begun = true;
        if (RequestHeaders.of(request).expectsContinue()) {
            request.response().writeContinue();
        }
        request.handler(this::take);
        request.endHandler(end -> {
            if (!over) {
                stop();
                relayed.end();
            }
        });
        arm(idleMillis());
    }

    private void take(Buffer chunk) {
        if (over) {
            return;
        }
        lastNanos = System.nanoTime();
        bytes += chunk.length();
        if (bytes > MOST_BYTES) {
            passed.fail(ClientError.of(tooLarge()));
            return;
        }
        relayed.write(chunk);
        if (relayed.isFull()) {
            waits = true;
            request.pause();
        }
    }

    private void arm(long millis) {
        timer = passed.house().vertx().setTimer(Math.max(1, millis), fired -> {
            timer = NO_TIMER;
            // While the upstream is behind, the client has nothing to hurry for.
            long left = waits ? idleMillis() : idleMillis() - (System.nanoTime() - lastNanos) / 1_000_000;
            if (over) {
                return;
            }
            if (left <= 0) {
                passed.fail(
                        ClientError.of(new ApiFailure(ApiError.REQUEST_TIMEOUT, "The body did not arrive in time.")));
            } else {
                arm(left);
            }
        });
    }

    private long idleMillis() {
        return passed.house().bodies().limits().idle().toMillis();
    }

    private void stopTimer() {
        if (timer != NO_TIMER) {
            passed.house().vertx().cancelTimer(timer);
            timer = NO_TIMER;
        }
    }
}
