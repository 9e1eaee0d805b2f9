package dev.understudy.model;

/** A model that also passes requests on which it does not read: those of OpenAI's other paths. */
public interface Relay {
    /**
     * Passes one request on and returns at once.
     *
     * @param sink told of the answer on {@link Passage#loop()}, never before this method has returned
     * @return the handle to send the body with, and to end or slow down the answer
     */
    Relayed relay(Passage passage, RelaySink sink);
}
