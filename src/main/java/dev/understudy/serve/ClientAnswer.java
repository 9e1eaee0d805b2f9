package dev.understudy.serve;

import dev.understudy.access.Admission;
import dev.understudy.access.Standing;
import dev.understudy.model.Accepted;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The client's side of one call: its head, its events, its end. Confined to one event loop. */
final class ClientAnswer {
    /** Bytes that a client may leave unread before reading from the model pauses. */
    static final int UNSENT_BYTES = 64 << 10;

    private static final int NO_CONTENT = 204;

    private static final CharSequence EVENT_STREAM = HttpHeaders.createOptimized("text/event-stream; charset=utf-8");
    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
    private static final CharSequence NO_CACHE = HttpHeaders.createOptimized("no-cache");
    private static final CharSequence NO = HttpHeaders.createOptimized("no");
    private static final CharSequence ACCEL = HttpHeaders.createOptimized("x-accel-buffering");
    private static final CharSequence REQUEST_ID = HttpHeaders.createOptimized("x-request-id");
    private static final CharSequence CALL = HttpHeaders.createOptimized("x-understudy-call");
    private static final CharSequence POLICY = HttpHeaders.createOptimized("x-understudy-policy");
    private static final CharSequence SERVED_BY = HttpHeaders.createOptimized("x-understudy-served-by");
    private static final CharSequence ROUTE = HttpHeaders.createOptimized("x-understudy-route");
    private static final CharSequence ATTEMPTS = HttpHeaders.createOptimized("x-understudy-attempts");
    private static final CharSequence OVERHEAD = HttpHeaders.createOptimized("x-understudy-overhead-ms");
    private static final CharSequence UPSTREAM_ID = HttpHeaders.createOptimized("x-understudy-upstream-request-id");
    private static final CharSequence LIMIT_REQUESTS = HttpHeaders.createOptimized("x-ratelimit-limit-requests");
    private static final CharSequence REMAINING_REQUESTS =
            HttpHeaders.createOptimized("x-ratelimit-remaining-requests");
    private static final CharSequence RESET_REQUESTS = HttpHeaders.createOptimized("x-ratelimit-reset-requests");
    private static final CharSequence LIMIT_TOKENS = HttpHeaders.createOptimized("x-ratelimit-limit-tokens");
    private static final CharSequence REMAINING_TOKENS = HttpHeaders.createOptimized("x-ratelimit-remaining-tokens");
    private static final CharSequence RESET_TOKENS = HttpHeaders.createOptimized("x-ratelimit-reset-tokens");
    /** A comment: one line feed and no blank line, so that clients which count blank lines see no empty event. */
    static final Buffer KEEP_ALIVE = Buffer.buffer(": keep-alive\n");

    private final HttpServerResponse out;
    private Admission admission = Admission.FREE;
    private boolean limited;
    private int status;
    private long lastWriteNanos;
    private @Nullable Future<Void> left;

    ClientAnswer(HttpServerResponse out, UUID id) {
        this.out = out;
        String name = id.toString();
        out.putHeader(REQUEST_ID, requestId(name));
        out.putHeader(CALL, name);
        out.setWriteQueueMaxSize(UNSENT_BYTES);
    }

    /** Says how the answer came about; before the head. */
    void route(String policy, String servedBy, String route, int attempts, long overheadMicros) {
        out.putHeader(POLICY, policy);
        out.putHeader(SERVED_BY, servedBy);
        out.putHeader(ROUTE, route);
        out.putHeader(ATTEMPTS, attempts == 1 ? "1" : Integer.toString(attempts));
        long tenths = Math.max(0, overheadMicros) / 100;
        out.putHeader(OVERHEAD, tenths / 10 + "." + tenths % 10);
    }

    /** The call was let in: says where the caller's limits stand, and gives its place back with its last bytes. */
    void admitted(Admission by) {
        admission = by;
        limits(by.standing());
    }

    /** Says where the caller's limits stand; before the head. An upstream's own then mean nothing to the caller. */
    void limits(@Nullable Standing standing) {
        if (standing == null) {
            return;
        }
        limited = true;
        Standing.Rate requests = standing.requests();
        if (requests != null) {
            out.putHeader(LIMIT_REQUESTS, Integer.toString(requests.limit()));
            out.putHeader(REMAINING_REQUESTS, Long.toString(requests.remaining()));
            out.putHeader(RESET_REQUESTS, requests.reset());
        }
        Standing.Rate tokens = standing.tokens();
        if (tokens != null) {
            out.putHeader(LIMIT_TOKENS, Integer.toString(tokens.limit()));
            out.putHeader(REMAINING_TOKENS, Long.toString(tokens.remaining()));
            out.putHeader(RESET_TOKENS, tokens.reset());
        }
    }

    /** Says which policy decided; before the head of an error. */
    void policy(String policy) {
        out.putHeader(POLICY, policy);
    }

    /** Lets an upstream's headers go on; ours win. */
    void upstreamHeaders(Map<String, String> headers, @Nullable String upstreamRequestId) {
        for (Map.Entry<String, String> header : headers.entrySet()) {
            if (!out.headers().contains(header.getKey()) && isWelcome(header.getKey())) {
                out.putHeader(header.getKey(), header.getValue());
            }
        }
        if (upstreamRequestId != null) {
            out.putHeader(UPSTREAM_ID, upstreamRequestId);
        }
    }

    /** Gets a stream's head ready, which leaves with the next write. */
    void streamHead(int code) {
        status = code;
        out.setStatusCode(code);
        out.putHeader(HttpHeaders.CONTENT_TYPE, EVENT_STREAM);
        out.putHeader(HttpHeaders.CACHE_CONTROL, NO_CACHE);
        out.putHeader(ACCEL, NO);
        out.setChunked(true);
    }

    /** Sends a stream's head alone. */
    void flushHead() {
        // Without bytes a head waits in the buffer: a comment takes it along and tells the client that somebody works.
        write(KEEP_ALIVE);
    }

    void write(Buffer event) {
        lastWriteNanos = System.nanoTime();
        out.write(event);
    }

    /** Ends a stream, with the last bytes or without. */
    void end(@Nullable Buffer last) {
        admission.leave();
        left = last == null ? out.end() : out.end(last);
    }

    /** Sends a whole JSON answer. */
    void document(int code, Buffer body) {
        admission.leave();
        status = code;
        left = out.setStatusCode(code).putHeader(HttpHeaders.CONTENT_TYPE, JSON).end(body);
    }

    /** Sends an error before the head. */
    void error(ClientError error) {
        error.headers().forEach((name, value) -> {
            if (isWelcome(name)) {
                out.putHeader(name, value);
            }
        });
        document(error.status(), error.body());
    }

    /** Sends an error, and closes the connection where a body may still be on its way that nobody will read. */
    void errorBeforeBody(ClientError error, HttpServerRequest request, House house) {
        boolean unread = RequestHeaders.hasBody(request) && !request.isEnded();
        if (unread) {
            House.announceClose(request);
        }
        error(error);
        if (unread) {
            house.closeSoon(request);
        }
    }

    /** Gets the head of an answer ready that is passed on as it is; it leaves with the first bytes. */
    void passedHead(Accepted head, HttpServerRequest request) {
        status = head.status();
        out.setStatusCode(status);
        upstreamHeaders(head.headers(), head.upstreamRequestId());
        if (RequestHeaders.hasBody(request) && !request.isEnded()) {
            House.announceClose(request);
        }
        if (status != NO_CONTENT && !out.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
            out.setChunked(true);
        }
    }

    private boolean isWelcome(String name) {
        return !limited || !name.startsWith("x-ratelimit-");
    }

    boolean isHeadOut() {
        return out.headWritten();
    }

    /** Whether more than {@link #UNSENT_BYTES} wait for the client. */
    boolean isFull() {
        return out.writeQueueFull();
    }

    /** Tells once when a full queue has emptied. */
    void onDrained(Runnable then) {
        out.drainHandler(drained -> {
            out.drainHandler(null);
            then.run();
        });
    }

    /** Runs something once the whole answer has left; never when it does not. */
    void onLeft(Runnable then) {
        if (left != null) {
            var _ = left.onSuccess(gone -> then.run());
        }
    }

    /** Cuts the client off. */
    void reset() {
        out.reset();
    }

    /** The status of the head; 0 before it. */
    int status() {
        return status;
    }

    long lastWriteNanos() {
        return lastWriteNanos;
    }

    /** {@code req_} and 32 hex digits: the call's id, so that a client's log finds the row. */
    static String requestId(String id) {
        StringBuilder text = new StringBuilder(36).append("req_");
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (c != '-') {
                text.append(c);
            }
        }
        return text.toString();
    }
}
