package dev.understudy.model;

import io.vertx.core.buffer.Buffer;

/** A request under way that is passed on. All methods are called on its event loop and return at once. */
public interface Relayed {
    /** Sends the next piece of the body; after {@link RelaySink#ready()} only. Dropped when nobody reads it any more. */
    void write(Buffer bytes);

    /** The body is whole. Called once, unless there is none. */
    void end();

    /** Whether so much of the body waits that no more should come until {@link RelaySink#ready()}. */
    boolean isFull();

    /** Ends the work now; the sink is told nothing more. */
    void cancel();

    /** Stops reading the answer until {@link #resume()}. */
    void pause();

    /** Reads on after {@link #pause()}. */
    void resume();
}
