package dev.understudy.verify;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;

/**
 * Text as it is compared: NFKC, without case, blanks, separators of thousands and escapes, with one form of quotes and
 * dashes. Where something was taken out is remembered, since that is the edge of a word. Grows; not thread-safe.
 */
final class FoldedText {
    private static final int HEX = 16;
    private static final int THOUSAND = 3;

    private char[] chars;
    private boolean[] apart;
    private int length;
    private boolean gap = true;

    FoldedText(int expected) {
        this.chars = new char[Math.max(16, expected)];
        this.apart = new boolean[chars.length];
    }

    static FoldedText of(String text) {
        FoldedText folded = new FoldedText(text.length());
        folded.append(plain(text));
        return folded;
    }

    int length() {
        return length;
    }

    char at(int i) {
        return chars[i];
    }

    /** Whether something was taken out before this place, or nothing is there. */
    boolean isApart(int i) {
        return apart[i];
    }

    /** Appends what {@link #plain} made; a word does not go over the seam. */
    void append(String plain) {
        gap = true;
        int end = plain.length();
        for (int i = 0; i < end; i++) {
            char c = plain.charAt(i);
            if (c == '\\' || isBlank(c)) {
                gap = true;
            } else if (!isSeparator(c) || !partsThousands(plain, i)) {
                add(lower(c));
            }
        }
    }

    /** A character that no text has, so that nothing is found across it. */
    void close() {
        gap = true;
        add('\0');
    }

    private void add(char c) {
        if (length == chars.length) {
            chars = Arrays.copyOf(chars, 2 * length);
            apart = Arrays.copyOf(apart, 2 * length);
        }
        chars[length] = c;
        apart[length] = gap;
        length++;
        gap = false;
    }

    /** Text in NFKC with its escapes read, as far as any are there; for most texts the same string. */
    static String plain(String text) {
        String read = text.indexOf('\\') >= 0 ? unescape(text) : text;
        for (int i = 0; i < read.length(); i++) {
            if (read.charAt(i) >= 0x80) {
                // upper case first: it knows that ß is SS
                return Normalizer.normalize(read, Normalizer.Form.NFKC).toUpperCase(Locale.ROOT);
            }
        }
        return read;
    }

    /** Reads the escapes of JSON wherever they stand, as in a tool's result that is a document in a string. */
    static String unescape(String text) {
        StringBuilder read = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            at++;
            if (c != '\\' || at == text.length()) {
                read.append(c);
                continue;
            }
            char escaped = text.charAt(at);
            at++;
            int code = escaped == 'u' ? hex(text, at) : -1;
            if (code >= 0) {
                read.append((char) code);
                at += 4;
            } else {
                read.append("ntrbf".indexOf(escaped) >= 0 ? ' ' : escaped);
            }
        }
        return read.toString();
    }

    private static int hex(String text, int from) {
        if (from + 4 > text.length()) {
            return -1;
        }
        int code = 0;
        for (int i = from; i < from + 4; i++) {
            int digit = Character.digit(text.charAt(i), HEX);
            if (digit < 0) {
                return -1;
            }
            code = code * HEX + digit;
        }
        return code;
    }

    private static char lower(char c) {
        if (c < 0x80) {
            return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
        }
        return switch (c) {
            case '\u2018', '\u2019', '\u02bc', '\u00b4' -> '\'';
            case '\u201c', '\u201d', '\u201e', '\u00ab', '\u00bb' -> '"';
            case '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212' -> '-';
            default -> Character.toLowerCase(c);
        };
    }

    static boolean isBlank(char c) {
        if (c < 0x80) {
            return c <= ' ' || c == 0x7f;
        }
        return c == '\u00ad' || (c >= '\u200b' && c <= '\u200f') || c == '\ufeff' || Character.isSpaceChar(c);
    }

    static boolean isSeparator(char c) {
        return c == ',' || c == '.' || c == '\'' || c == '_' || c == '\u2019';
    }

    /** Whether a separator has a digit before it and exactly three behind it. */
    static boolean partsThousands(String text, int at) {
        int from = at + 1;
        int end = from;
        while (end < text.length() && end <= from + THOUSAND && isDigit(text.charAt(end))) {
            end++;
        }
        return end - from == THOUSAND && at > 0 && isDigit(text.charAt(at - 1));
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
