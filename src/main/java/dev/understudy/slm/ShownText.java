package dev.understudy.slm;

import dev.understudy.slm.SlmListener.Token;

/**
 * What a request was told piece by piece, held against the places where the engine says that its tokens begin: a piece
 * that was lost or came twice shows. Not thread-safe.
 */
final class ShownText {
    private final StringBuilder text = new StringBuilder();
    private int bytes;
    private int lastToken;
    private boolean differs;

    void add(Token token) {
        if (token.id() >= 0) {
            // text may be held back, but never be shown before its token
            differs |= bytes > token.offset();
            lastToken = token.offset();
        } else {
            // text that was held back follows what was shown
            differs |= bytes < token.offset();
        }
        if (!token.text().isEmpty()) {
            text.append(token.text());
            bytes += bytesOf(token.text());
        }
    }

    /** In UTF-8, without making them. */
    private static int bytesOf(String piece) {
        int count = 0;
        for (int i = 0; i < piece.length(); i++) {
            char c = piece.charAt(i);
            count += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return count;
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    /** UTF-8 bytes of all pieces. */
    int bytes() {
        return bytes;
    }

    /**
     * Whether the pieces are the engine's text.
     *
     * @param stopped a stop string ended it, whose tokens' text is not shown
     */
    boolean isWhole(boolean stopped) {
        return !differs && (stopped || bytes >= lastToken);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
