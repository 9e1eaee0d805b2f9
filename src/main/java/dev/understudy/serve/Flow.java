package dev.understudy.serve;

import dev.understudy.model.Frame;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The stream of frames from a try to the client: at most 64 KiB wait for the client, then reading from the model pauses
 * until they have left. A client that takes nothing for a minute is given up.
 */
final class Flow {
    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final Duration stalled;
    private final ClientAnswer client;
    private final Runnable whenStalled;
    private @Nullable Buffer closing;
    private boolean paused;
    private boolean stopped;
    private long stall = NO_TIMER;

    Flow(Vertx vertx, Duration stalled, ClientAnswer client, Runnable whenStalled) {
        this.vertx = vertx;
        this.stalled = stalled;
        this.client = client;
        this.whenStalled = whenStalled;
    }

    /** Sends a frame on. Closing frames wait for each other and for the end, which all leave in one write. */
    void write(Try from, Frame frame) {
        if (frame.kind() == Frame.Kind.CLOSING) {
            closing = closing == null ? frame.bytes() : closing.copy().appendBuffer(frame.bytes());
            return;
        }
        Buffer before = closing;
        if (before != null) {
            closing = null;
            client.write(before);
        }
        client.write(frame.bytes());
        if (!paused && !stopped && client.isFull()) {
            pause(from);
        }
    }

    /** Ends a stream as its model did. */
    void end() {
        client.end(closing);
    }

    /** Ends a stream otherwise; closing frames that wait are dropped, so that nobody takes the answer for whole. */
    void breakOff(Buffer last) {
        closing = null;
        client.end(last);
    }

    /** Whether the client is behind. */
    boolean isPaused() {
        return paused;
    }

    /** Nothing flows any more. */
    void stop() {
        stopped = true;
        cancelStall();
    }

    private void pause(Try from) {
        paused = true;
        from.pause();
        stall = vertx.setTimer(stalled.toMillis(), fired -> {
            stall = NO_TIMER;
            whenStalled.run();
        });
        client.onDrained(() -> {
            paused = false;
            cancelStall();
            if (!stopped) {
                from.resume();
            }
        });
    }

    private void cancelStall() {
        if (stall != NO_TIMER) {
            vertx.cancelTimer(stall);
            stall = NO_TIMER;
        }
    }
}
