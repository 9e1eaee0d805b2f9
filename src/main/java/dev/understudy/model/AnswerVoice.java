package dev.understudy.model;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes events that fit into a stream where its model wrote none. Asked only while frames of this answer are on their way
 * to the client, on its event loop.
 */
public interface AnswerVoice {
    /** A sign of life, which means nothing. */
    Buffer keepAlive();

    /** The events that end the stream as failed; nothing follows them. */
    Buffer failure(String code, String message, @Nullable String param);
}
