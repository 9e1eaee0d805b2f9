package dev.understudy.model;

import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why there is no whole answer.
 *
 * @param code what went wrong
 * @param message for the caller: what and what to do; no content, key or address
 * @param param the field at fault, or null
 * @param status the upstream's status when it answered with an error, else null
 * @param body the upstream's error body, to be passed on, or null
 * @param headers of the upstream's error that go on to the client
 * @param run how far a small model got, or null
 * @param again whether the same model may be asked once more at once
 * @param waitSeconds how long the model wants to be left alone; 0 when it does not say
 */
public record ModelFailure(
        Code code,
        String message,
        @Nullable String param,
        @Nullable Integer status,
        @Nullable Buffer body,
        Map<String, String> headers,
        @Nullable LocalRun run,
        Again again,
        int waitSeconds) {
    public ModelFailure {
        headers = Map.copyOf(headers);
        if (waitSeconds < 0) {
            throw new IllegalArgumentException("waitSeconds must not be negative, got " + waitSeconds);
        }
    }

    /** A failure after which the same model is not asked once more. */
    public ModelFailure(
            Code code,
            String message,
            @Nullable String param,
            @Nullable Integer status,
            @Nullable Buffer body,
            Map<String, String> headers,
            @Nullable LocalRun run) {
        this(code, message, param, status, body, headers, run, Again.NO, 0);
    }

    /** A failure without an upstream's answer. */
    public static ModelFailure of(Code code, String message) {
        return of(code, message, Again.NO, 0);
    }

    /** A failure without an upstream's answer that says something of another try. */
    public static ModelFailure of(Code code, String message, Again again, int waitSeconds) {
        return new ModelFailure(code, message, null, null, null, Map.of(), null, again, waitSeconds);
    }

    /** Whether the same model may be asked once more at once. */
    public enum Again {
        /** It would not help, or somebody would pay twice. */
        NO,
        /** Nothing of the question was sent, so nobody can have begun to answer it. */
        UNSENT,
        /** The question was sent; only one that leaves nothing behind may be sent once more. */
        SENT
    }

    /** What went wrong, as rows and metrics name it. */
    public enum Code {
        /** The upstream answered with an error status; {@code mayTryNext} depends on that status. */
        UPSTREAM_ERROR("upstream_error"),
        /** Refused, no route, TLS, reset or closed before the head. */
        UPSTREAM_UNAVAILABLE("upstream_unavailable"),
        /** Connect, head, first content, idle or total time is over. */
        UPSTREAM_TIMEOUT("upstream_timeout"),
        /** Broken JSON, an error under 200, a redirect. */
        UPSTREAM_MALFORMED("upstream_malformed_response"),
        /** The stream ended before the answer did. */
        UPSTREAM_TRUNCATED("upstream_stream_truncated"),
        /** One event of a stream is larger than any answer needs. */
        UPSTREAM_EVENT_TOO_LARGE("upstream_event_too_large"),
        /** It failed so often of late that it is left alone for a while. */
        UPSTREAM_FAILING("upstream_failing"),
        /** The pool or its queue is full. */
        UPSTREAM_BUSY("upstream_busy"),
        /** Weights, library, adapter or credential are missing. */
        UNAVAILABLE("unavailable"),
        /** The engine's queue is full. */
        OVERLOADED("overloaded"),
        /** A value that the engine cannot take. */
        INVALID("invalid"),
        /** A feature that the engine does not have. */
        UNSUPPORTED("unsupported"),
        /** Prompt and asked tokens do not fit. */
        CONTEXT_LENGTH("context_length"),
        /** The answer is empty or cannot be read strictly. */
        UNPARSED("unparsed"),
        /** The time limit of a small model is over. */
        DEADLINE("deadline"),
        /** A fault of the engine. */
        INTERNAL("internal");

        private final String wire;

        Code(String wire) {
            this.wire = wire;
        }

        /** The name in rows and metrics. */
        public String wire() {
            return wire;
        }
    }
}
