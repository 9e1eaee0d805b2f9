package dev.understudy.openai;

import dev.understudy.call.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tool calls of one choice of a stream, as its pieces come. A new id opens the next call, no id continues the last
 * one or the one of that index; so indexes count from zero whatever the upstream's do, and each call says its id, type
 * and name once.
 */
final class ToolCalls {
    /** More than any answer has; each piece looks through all calls. */
    private static final int MOST_CALLS = 1_024;

    private final List<Opened> opened = new ArrayList<>(2);
    private final Call asked;
    private final int choice;
    private int arrays;

    ToolCalls(Call asked, int choice) {
        this.asked = asked;
        this.choice = choice;
    }

    /** A delta begins, whose pieces follow. */
    void begin() {
        arrays++;
    }

    /**
     * Takes the piece that was read last.
     *
     * @param floor no byte before this one is looked at
     */
    void mend(ToolCallSpans piece, int floor, Edits edits, Set<Deviation> deviations) throws ApiFailure {
        Opened call = find(piece);
        if (call == null) {
            if (opened.size() == MOST_CALLS) {
                throw UpstreamJson.malformed("sent more tool calls than any answer has");
            }
            call = new Opened(opened.size(), piece.position(), piece.id(), piece.name());
            opened.add(call);
            piece.complete(madeId(asked, choice, call.index), edits, deviations);
        } else {
            piece.strip(call.name, floor, edits, deviations);
            call.name = call.name == null ? piece.name() : call.name;
        }
        call.array = arrays;
        if (piece.position() != call.index) {
            piece.setIndex(call.index, edits, deviations);
        }
        piece.argumentsAsText(edits, deviations);
    }

    /**
     * An id for a tool call that has none. It comes from the random part of the call's own id, so that no two share one.
     */
    static String madeId(Call call, int choice, int index) {
        String random = call.id().toString().replace("-", "");
        String place = Integer.toHexString(0x100_000 + 0x100 * (choice & 0xFFF) + (index & 0xFF));
        return "call_" + random.substring(random.length() - 18) + place;
    }

    /** The call that a piece continues; null when it opens one. */
    private @Nullable Opened find(ToolCallSpans piece) {
        Opened last = opened.isEmpty() ? null : opened.getLast();
        Opened sameIndex = null;
        for (int i = opened.size() - 1; i >= 0 && sameIndex == null; i--) {
            Opened call = opened.get(i);
            if (piece.position() >= 0 && call.upstreamIndex == piece.position()) {
                sameIndex = call;
            }
        }
        if (piece.hasId()) {
            return withId(piece, sameIndex);
        }
        if (sameIndex != null) {
            return sameIndex;
        }
        if (last == null || (piece.hasName() && opens(piece, last))) {
            return null;
        }
        return last;
    }

    private @Nullable Opened withId(ToolCallSpans piece, @Nullable Opened sameIndex) {
        for (int i = opened.size() - 1; i >= 0; i--) {
            Opened call = opened.get(i);
            boolean elsewhere = piece.position() >= 0 && piece.position() != call.upstreamIndex;
            if (piece.isId(call.id) && !elsewhere) {
                return call;
            }
        }
        // Some upstreams make up an id for every piece; only a call that begins has a name.
        return piece.begins() ? null : sameIndex;
    }

    /** Whether a piece with a name, but without an id and a known index, begins another call than the last one. */
    private boolean opens(ToolCallSpans piece, Opened last) {
        return piece.position() >= 0 || last.array == arrays || !piece.isName(last.name);
    }

    /** A call that has begun. */
    private static final class Opened {
        private final int index;
        private final int upstreamIndex;
        private final byte @Nullable [] id;
        private byte @Nullable [] name;
        private int array;

        private Opened(int index, int upstreamIndex, byte @Nullable [] id, byte @Nullable [] name) {
            this.index = index;
            this.upstreamIndex = upstreamIndex;
            this.id = id;
            this.name = name;
        }
    }
}
