package dev.understudy.model;

import io.vertx.core.buffer.Buffer;

/**
 * Where the answer to a request goes that is passed on. The order is: {@code head} at most once, then bytes, then exactly
 * one of {@code ended} and {@code failed}; nothing after {@link Relayed#cancel()}.
 */
public interface RelaySink {
    /** The body may be sent, or sent on: there is a connection, or what waited has left. Not told without a body. */
    void ready();

    /** The upstream answers with a status below 400; type, length and coding are among the headers. */
    void head(Accepted head);

    /** The next piece of the answer, as it came. */
    void bytes(Buffer bytes);

    /** The answer is whole. */
    void ended();

    /** There is no whole answer, or it is an error. Bytes that came before are all there is. */
    void failed(ModelFailure failure);
}
