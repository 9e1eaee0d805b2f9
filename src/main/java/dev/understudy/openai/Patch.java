package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** {@link Edits} of one event, given in any order; most events have none. */
final class Patch {
    private final List<Piece> pieces = new ArrayList<>(2);
    private final Edits edits = new Edits();

    private record Piece(int start, int end, String text) {}

    void clear() {
        pieces.clear();
    }

    /** Puts {@code text} in place of the bytes from {@code start} to {@code end}, which no other edit touches. */
    void replace(int start, int end, String text) {
        int at = pieces.size();
        while (at > 0 && pieces.get(at - 1).start > start) {
            at--;
        }
        pieces.add(at, new Piece(start, end, text));
    }

    /** The stretch with all edits done. */
    Buffer apply(byte[] bytes, int from, int to) {
        if (pieces.isEmpty()) {
            return Buffer.buffer(to - from).appendBytes(bytes, from, to - from);
        }
        edits.clear();
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            edits.replace(piece.start, piece.end, piece.text);
        }
        return Buffer.buffer(edits.apply(bytes, from, to));
    }

    /** Where a place outside of all edits lies once they are done. */
    int moved(int place) {
        int moved = place;
        for (int i = 0; i < pieces.size(); i++) {
            Piece piece = pieces.get(i);
            if (piece.end <= place) {
                moved += piece.text.getBytes(StandardCharsets.UTF_8).length - (piece.end - piece.start);
            }
        }
        return moved;
    }
}
