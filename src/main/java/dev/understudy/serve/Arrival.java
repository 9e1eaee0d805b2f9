package dev.understudy.serve;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.BodyCoding;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * The arrival of one body: bounded while it comes, timed, unpacked where it was packed. Its receiver is told once, on the
 * event loop. Confined to that loop; long work is done by a worker.
 */
final class Arrival {
    /** What comes of more might keep a loop from its other calls. */
    private static final int LOOP_PACKED_BYTES = 16 << 10;

    private final House house;
    private final Context loop;
    private final HttpServerRequest request;
    private final BodyCoding coding;
    private final long startedNanos;
    private final Receiver receiver;
    private final BodyBytes sent;
    private @Nullable BodyBytes plain;
    private long timer = -1;
    private long lastByteNanos;
    private boolean working;
    private boolean whole;
    private boolean over;

    /** Who waits for a body. */
    interface Receiver {
        /** The whole body is here. */
        void arrived(byte[] body);

        /** It will not come, and the rest of it is not wanted: an {@link ApiFailure}, or a fault of ours. */
        void refused(Throwable cause);
    }

    /**
     * @param declared length that the request declares; negative when it declares none
     * @param startedNanos when the head was there
     */
    Arrival(
            House house,
            Context loop,
            HttpServerRequest request,
            long declared,
            BodyCoding coding,
            long startedNanos,
            Receiver receiver) {
        this.house = house;
        this.loop = loop;
        this.request = request;
        this.coding = coding;
        this.startedNanos = startedNanos;
        this.receiver = receiver;
        this.sent = new BodyBytes(declared, house.bodies());
    }

    /** Begins to read; called once. */
    void begin() {
        lastByteNanos = System.nanoTime();
        request.handler(this::take);
        request.endHandler(end -> ended());
        // Most bodies have come with their head and are whole when this runs: they need no timer.
        loop.runOnContext(next -> {
            if (!over && !whole) {
                timer = house.vertx().setTimer(house.bodies().limits().idle().toMillis(), fired -> checkPace());
            }
        });
    }

    /** Nobody waits any more. */
    void stop() {
        over = true;
        stopTimer();
    }

    /** Gives back the memory that was counted for the body; called when its call is over. */
    void release() {
        if (working) {
            // a worker still fills it, and comes here when it is done
            return;
        }
        sent.release();
        if (plain != null) {
            plain.release();
        }
    }

    private void take(Buffer chunk) {
        lastByteNanos = System.nanoTime();
        if (!over) {
            try {
                sent.add(chunk);
            } catch (ApiFailure failure) {
                refuse(failure);
            }
        }
    }

    private void ended() {
        whole = true;
        if (over) {
            return;
        }
        stopTimer();
        byte[] body = sent.take();
        if (coding == BodyCoding.NONE) {
            over = true;
            receiver.arrived(body);
            return;
        }
        plain = new BodyBytes(-1, house.bodies());
        if (body.length <= LOOP_PACKED_BYTES) {
            try {
                arrived(unpack(body, plain));
            } catch (ApiFailure failure) {
                refuse(failure);
            }
        } else {
            unpackAside(body, plain);
        }
    }

    private void unpackAside(byte[] body, BodyBytes into) {
        working = true;
        loop.executeBlocking(() -> unpack(body, into), false).onComplete(unpacked -> {
            working = false;
            if (over) {
                release();
            } else if (unpacked.succeeded()) {
                arrived(unpacked.result());
            } else {
                refuse(unpacked.cause());
            }
        });
    }

    private void arrived(byte[] body) {
        over = true;
        sent.release();
        receiver.arrived(body);
    }

    private byte[] unpack(byte[] packed, BodyBytes into) throws ApiFailure {
        coding.unpack(packed, into);
        return into.take();
    }

    private void checkPace() {
        timer = -1;
        if (over) {
            return;
        }
        long now = System.nanoTime();
        BodyLimits limits = house.bodies().limits();
        long idle = limits.idle().toMillis() - (now - lastByteNanos) / 1_000_000;
        long total = limits.total().toMillis() - (now - startedNanos) / 1_000_000;
        if (idle <= 0 || total <= 0) {
            refuse(new ApiFailure(ApiError.REQUEST_TIMEOUT, "The body did not arrive in time."));
        } else {
            timer = house.vertx().setTimer(Math.max(1, Math.min(idle, total)), fired -> checkPace());
        }
    }

    private void refuse(Throwable cause) {
        stop();
        receiver.refused(cause);
    }

    private void stopTimer() {
        if (timer >= 0) {
            house.vertx().cancelTimer(timer);
            timer = -1;
        }
    }
}
