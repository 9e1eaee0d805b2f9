package dev.understudy.capture;

import dev.understudy.call.Interaction;
import dev.understudy.call.LateAttempt;

/** Takes what happened to a call. Safe to use from every event loop. */
public interface Recorder {
    /**
     * Takes one call, once it is over. Never blocks, never throws; what cannot be kept is counted.
     *
     * @param interaction the whole of it; handed over exactly once
     */
    void record(Interaction interaction);

    /**
     * Takes a try that ended after its call. Never blocks, never throws; where there is little room it is the first to
     * go, which is counted.
     */
    void record(LateAttempt attempt);
}
