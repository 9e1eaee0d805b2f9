package dev.understudy.capture;

import io.smallrye.mutiny.Uni;

/** Where batches go. */
interface BatchSink {
    /**
     * Stores a batch whole or not at all; a batch that is stored already is left as it is.
     *
     * @return fails with {@link Refused} when a value in it is at fault, with anything else when it may be tried again
     */
    Uni<Void> store(CaptureBatch batch);

    /** The database took the connection but not the values. */
    final class Refused extends Exception {
        private final String state;

        /**
         * A refusal.
         *
         * @param state SQLSTATE
         */
        Refused(String state) {
            super("refused, state " + state, null, false, false);
            this.state = state;
        }

        String state() {
            return state;
        }
    }
}
