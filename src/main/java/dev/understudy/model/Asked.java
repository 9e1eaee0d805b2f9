package dev.understudy.model;

/** An answer under way. All methods are called on the exchange's event loop and return at once. */
public interface Asked {
    /**
     * Ends the work: the small model at its next step, the upstream connection now. The sink is told nothing more but,
     * by a small model, what it has spent.
     */
    void cancel();

    /** Stops reading from the upstream until {@link #resume()}; a small model goes on and is cut off when too far ahead. */
    void pause();

    /** Reads on after {@link #pause()}. */
    void resume();
}
