package dev.understudy.model;

import io.vertx.core.buffer.Buffer;

/**
 * A piece of an answer: for a stream one whole event with its blank line, else the whole JSON document.
 *
 * @param bytes as they go to the client
 * @param kind what it carries
 */
public record Frame(Buffer bytes, Kind kind) {
    /** What a frame carries; decides whether another model may still be tried. */
    public enum Kind {
        /** Role or vendor data: nothing that a reader would call an answer. */
        LEADING,
        /** Text, refusal, reasoning, tool-call data. */
        CONTENT,
        /** A finish reason, usage, or the end mark. */
        CLOSING,
        /** A whole JSON answer. */
        DOCUMENT
    }
}
