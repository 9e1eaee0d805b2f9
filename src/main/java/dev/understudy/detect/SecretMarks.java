package dev.understudy.detect;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The places where a credential may begin, found in one pass. Every mark and every telling word has at least three
 * characters, and few texts hold those three in a row, so a table of such triples passes most of a text by.
 *
 * @param <T> what a mark stands for
 */
final class SecretMarks<T> {
    private static final int CLASS_BITS = 5;
    private static final int TRIPLES = 1 << (3 * CLASS_BITS);
    /** Letters are 1 to 26, whatever their case; what no mark holds is 0. */
    private static final byte[] CLASS = classes();

    /**
     * A beginning that is looked for.
     *
     * @param text ASCII, three characters or more; small where the case does not matter
     */
    record Mark<T>(String text, boolean anyCase, T meaning) {
        Mark {
            if (text.length() < 3) {
                throw new IllegalArgumentException("text: must have three characters or more, was " + text);
            }
        }

        boolean isAt(byte[] letters, int at) {
            if (letters.length - at < text.length()) {
                return false;
            }
            for (int i = 0; i < text.length(); i++) {
                byte letter = letters[at + i];
                if (anyCase && letter >= 'A' && letter <= 'Z') {
                    letter |= 0x20;
                }
                if (letter != text.charAt(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** For each triple of classes the marks that begin with it, as a place in {@code groups}; 0 for none. */
    private final byte[] groupOf = new byte[TRIPLES];

    private final List<List<Mark<T>>> groups = new ArrayList<>(List.of(List.of()));

    SecretMarks(List<Mark<T>> marks) {
        for (Mark<T> mark : marks) {
            int triple = triple(mark.text().getBytes(StandardCharsets.US_ASCII), 0);
            if (groupOf[triple] == 0) {
                groupOf[triple] = (byte) groups.size();
                groups.add(new ArrayList<>());
            }
            groups.get(groupOf[triple]).add(mark);
        }
        if (groups.size() > Byte.MAX_VALUE) {
            throw new IllegalArgumentException("marks: too many beginnings");
        }
    }

    /** The next place from {@code from} on where a mark might begin, or -1; {@link #marksAt} tells whether one does. */
    int next(byte[] letters, int from) {
        if (letters.length - from < 3) {
            return -1;
        }
        int triple = CLASS[letters[from] & 0xFF] << CLASS_BITS | CLASS[letters[from + 1] & 0xFF];
        for (int i = from + 2; i < letters.length; i++) {
            triple = (triple << CLASS_BITS | CLASS[letters[i] & 0xFF]) & (TRIPLES - 1);
            if (groupOf[triple] != 0) {
                return i - 2;
            }
        }
        return -1;
    }

    /** The marks that may begin at a place that {@link #next} has named; each is to be asked. */
    List<Mark<T>> marksAt(byte[] letters, int at) {
        return groups.get(groupOf[triple(letters, at)]);
    }

    /** One byte for each char of a text, ASCII as it is, so that places in both are the same. */
    static byte[] letters(String text) {
        byte[] letters = text.getBytes(StandardCharsets.ISO_8859_1);
        if (letters.length == text.length()) {
            return letters;
        }
        // a pair of surrogates became one sign
        byte[] one = new byte[text.length()];
        for (int i = 0; i < one.length; i++) {
            char c = text.charAt(i);
            one[i] = c < 0x80 ? (byte) c : (byte) '?';
        }
        return one;
    }

    private static int triple(byte[] letters, int at) {
        return CLASS[letters[at] & 0xFF] << (2 * CLASS_BITS)
                | CLASS[letters[at + 1] & 0xFF] << CLASS_BITS
                | CLASS[letters[at + 2] & 0xFF];
    }

    private static byte[] classes() {
        byte[] classes = new byte[256];
        for (int i = 0; i < 26; i++) {
            classes['a' + i] = (byte) (i + 1);
            classes['A' + i] = (byte) (i + 1);
        }
        classes['-'] = 27;
        classes['_'] = 28;
        classes[':'] = 29;
        classes['/'] = 30;
        Arrays.fill(classes, '0', '9' + 1, (byte) 31);
        return classes;
    }
}
