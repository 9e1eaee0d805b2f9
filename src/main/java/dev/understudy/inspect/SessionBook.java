package dev.understudy.inspect;

import dev.understudy.call.Call;
import dev.understudy.call.Phase;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of sessions, as far as it is known here. Answers from memory on the event loop and changes nothing:
 * the book is written when calls have ended. {@code serve} keeps it.
 */
public interface SessionBook {
    /** A book in which nothing stands. */
    SessionBook EMPTY = new SessionBook() {
        @Override
        public @Nullable String latched(Turn turn) {
            return null;
        }

        @Override
        public @Nullable String sessionOf(String team, String response) {
            return null;
        }
    };

    /** Why the session is left to the large model at that turn, one short sentence for people; null when it is not. */
    @Nullable
    String latched(Turn turn);

    /**
     * The session of the call that a stored response answered.
     *
     * @param response its id
     * @return null when it is not known here
     */
    @Nullable
    String sessionOf(String team, String response);

    /**
     * One call of a session.
     *
     * @param session never empty
     * @param site the call site; null when it is unknown
     * @param call which may be the repeat of one whose answer broke off
     */
    record Turn(String team, String session, @Nullable String site, Phase phase, Call call) {}
}
