package dev.understudy.model;

import java.util.Map;

/** One live model, in this process or behind a base URL. Safe to use from every event loop. */
public interface Model {
    /** What the files say of it. */
    ModelCard card();

    /** Whether it can be asked at this moment; cheap, never blocks. */
    Readiness readiness();

    /**
     * Asks for one answer and returns at once.
     *
     * @param sink told of the answer on {@link Ask#loop()}, never before this method has returned
     * @return the handle to end or slow down the answer with
     */
    Asked ask(Ask ask, AnswerSink sink);

    /** What tells it from another of its name, for health: device, hashes; empty when there is nothing to tell. */
    default Map<String, String> facts() {
        return Map.of();
    }

    /**
     * Whether what it was made of is still what its card names; one that is not is made anew when the files are read
     * again. May read files.
     */
    default boolean isCurrent() {
        return true;
    }

    /** Ends what it holds: connections, weights. Answers in flight may end first. Does not block the caller. */
    void close();
}
