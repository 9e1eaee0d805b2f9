package dev.understudy.learn;

/** Told how a training job goes on, in order, by the thread that runs it. */
public interface TrainingProgress {

    /** Something began or was found out, as a line for a person. */
    void said(String line);

    /**
     * One optimiser step is done.
     *
     * @param step from 1
     * @param steps of the whole job
     * @param loss mean over the step's answer tokens
     * @param seconds since the first step began
     */
    void stepped(int step, int steps, double loss, double seconds);
}
