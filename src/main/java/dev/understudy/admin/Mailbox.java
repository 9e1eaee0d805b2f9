package dev.understudy.admin;

import dev.understudy.capture.CallLine;
import java.util.ArrayDeque;
import java.util.List;

/**
 * What one watcher of the live calls has not been sent yet. It holds the newest lines only: a page shows no more, and a
 * watcher that has fallen asleep costs a bounded amount of memory. Filled by one thread, emptied by another.
 */
final class Mailbox {
    /** As many lines as a page lists. */
    static final int ROOM = 200;

    private final ArrayDeque<CallLine> lines = new ArrayDeque<>();
    private final int silentBeats;
    private int missed;
    private int silence;

    /** A mailbox that gives a sign of life after so many empty collections. */
    Mailbox(int silentBeats) {
        this.silentBeats = silentBeats;
    }

    /** Puts a line in; the oldest one leaves when there is no room. */
    synchronized void offer(CallLine line) {
        if (lines.size() == ROOM) {
            lines.removeFirst();
            missed++;
        }
        lines.addLast(line);
    }

    /** Takes everything out. */
    synchronized Letter collect() {
        if (!lines.isEmpty()) {
            var calls = new Calls(List.copyOf(lines), missed);
            lines.clear();
            missed = 0;
            silence = 0;
            return calls;
        }
        silence++;
        if (silence < silentBeats) {
            return Letter.NOTHING;
        }
        silence = 0;
        return Letter.ALIVE;
    }

    /** What a collection brings. */
    sealed interface Letter {
        Letter NOTHING = new Nothing();
        Letter ALIVE = new Alive();
    }

    /**
     * Calls that ended.
     *
     * @param calls in the order in which they ended
     * @param missed how many before them had no room
     */
    record Calls(List<CallLine> calls, int missed) implements Letter {}

    /** Nothing ended for a while. */
    record Alive() implements Letter {}

    /** Nothing ended since the last time. */
    record Nothing() implements Letter {}
}
