package dev.understudy.upstream;

import io.vertx.core.buffer.Buffer;

/** What is made of an answer's bytes as they come. */
interface Reading {
    /** The next bytes. */
    void chunk(Buffer bytes);

    /** The body is whole. */
    void end();

    /** The connection ended before the body did. */
    void broken();

    /**
     * Something came after the question was over.
     *
     * @param bodyEnded whether it was the body's end, else it was more data
     */
    default void late(boolean bodyEnded) {}
}
