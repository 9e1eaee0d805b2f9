package dev.understudy.verify;

import java.util.Arrays;

/**
 * The numbers of a text, whatever parts their thousands and their decimals. Where that is ambiguous all readings are in:
 * {@code 1,200} is 1200 and 1.2. Kept as hashes, so that a text full of numbers costs no more than one full of words.
 * Not thread-safe.
 */
final class NumberSet {
    private static final int THOUSAND = 3;
    private static final long PRIME = 0x100000001b3L;
    private static final long BASIS = 0xcbf29ce484222325L;
    private static final long ZERO = hash("0", 0, 1, 0, 0);

    private long[] hashes;
    private int size;
    /** Where the groups of digits of the number at hand begin and end. */
    private int[] bounds = new int[16];

    NumberSet(int textLength) {
        this.hashes = new long[Integer.highestOneBit(Math.max(32, textLength / 8)) << 1];
    }

    /**
     * Whether a number is in.
     *
     * @param number as JSON writes it; one with an exponent, or longer than 40 characters, is never in
     */
    boolean holds(String number) {
        boolean negative = number.startsWith("-");
        int from = negative || number.startsWith("+") ? 1 : 0;
        int point = number.indexOf('.');
        int whole = point < 0 ? number.length() : point;
        if (number.length() > 40 || whole == from) {
            return false;
        }
        for (int i = from; i < number.length(); i++) {
            if (i != point && !FoldedText.isDigit(number.charAt(i))) {
                return false;
            }
        }
        long hash = point < 0 ? hash(number, from, whole, 0, 0) : hash(number, from, whole, point + 1, number.length());
        return contains(negative && hash != ZERO ? ~hash : hash);
    }

    /** Adds all numbers of a text. */
    void addAll(String text) {
        int at = 0;
        while (at < text.length()) {
            at = FoldedText.isDigit(text.charAt(at)) ? addAt(text, at) : at + 1;
        }
    }

    /** Adds the number that begins here; returns where it ends. */
    private int addAt(String text, int from) {
        int groups = 0;
        int at = from;
        boolean more = true;
        while (more) {
            int end = at;
            while (end < text.length() && FoldedText.isDigit(text.charAt(end))) {
                end++;
            }
            if (2 * groups + 2 > bounds.length) {
                bounds = Arrays.copyOf(bounds, 2 * bounds.length);
            }
            bounds[2 * groups] = at;
            bounds[2 * groups + 1] = end;
            groups++;
            at = end;
            more = end + 1 < text.length()
                    && FoldedText.isSeparator(text.charAt(end))
                    && FoldedText.isDigit(text.charAt(end + 1));
            if (more) {
                at = end + 1;
            }
        }
        boolean negative = from > 0
                && isMinus(text.charAt(from - 1))
                && (from == 1 || !Character.isLetterOrDigit(text.charAt(from - 2)));
        addReadings(text, groups, negative);
        return at;
    }

    private void addReadings(String text, int groups, boolean negative) {
        if (groups == 1) {
            put(hash(text, bounds[0], bounds[1], 0, 0), negative);
            return;
        }
        char last = text.charAt(bounds[2 * groups - 2] - 1);
        boolean decimal = last == '.' || last == ',';
        boolean grouped = areThousands(text, groups);
        if (grouped) {
            put(joined(text, groups, 0, 0), negative);
        }
        boolean read = decimal && areThousands(text, groups - 1);
        if (read) {
            put(joined(text, groups - 1, bounds[2 * groups - 2], bounds[2 * groups - 1]), negative);
        }
        boolean maybeList = last == ',' && groups == 2;
        if (!grouped && (!read || maybeList)) {
            // a date, an address, or a list without blanks
            for (int i = 0; i < groups; i++) {
                put(hash(text, bounds[2 * i], bounds[2 * i + 1], 0, 0), false);
            }
        }
    }

    /** Whether so many groups are one number: a short first one, then three digits each behind one and the same sign. */
    private boolean areThousands(String text, int groups) {
        if (groups == 1) {
            return true;
        }
        if (bounds[1] - bounds[0] > THOUSAND) {
            return false;
        }
        char separator = text.charAt(bounds[1]);
        for (int i = 1; i < groups; i++) {
            if (bounds[2 * i + 1] - bounds[2 * i] != THOUSAND || text.charAt(bounds[2 * i] - 1) != separator) {
                return false;
            }
        }
        return true;
    }

    private long joined(String text, int groups, int fraction, int fractionEnd) {
        return hash(text, bounds[0], bounds[2 * groups - 1], fraction, fractionEnd);
    }

    /** Of the digits of both parts, without zeros that mean nothing. */
    private static long hash(String text, int from, int to, int fraction, int fractionEnd) {
        long hash = BASIS;
        boolean begun = false;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (FoldedText.isDigit(c) && (begun || c != '0')) {
                begun = true;
                hash = (hash ^ c) * PRIME;
            }
        }
        int end = fractionEnd;
        while (end > fraction && text.charAt(end - 1) == '0') {
            end--;
        }
        if (end > fraction) {
            hash = (hash ^ '.') * PRIME;
        }
        for (int i = fraction; i < end; i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return hash;
    }

    private static boolean isMinus(char c) {
        return c == '-' || c == '\u2212' || c == '\u2013';
    }

    private void put(long hash, boolean negative) {
        put(hash);
        if (negative) {
            put(~hash);
        }
    }

    private void put(long hash) {
        if (2 * size >= hashes.length) {
            long[] old = hashes;
            hashes = new long[2 * old.length];
            size = 0;
            for (long one : old) {
                if (one != 0) {
                    put(one);
                }
            }
        }
        int slot = slot(hash);
        if (hashes[slot] == 0) {
            hashes[slot] = hash;
            size++;
        }
    }

    private boolean contains(long hash) {
        return hashes[slot(hash)] == hash;
    }

    private int slot(long hash) {
        int slot = (int) (hash ^ (hash >>> 32)) & (hashes.length - 1);
        while (hashes[slot] != 0 && hashes[slot] != hash) {
            slot = (slot + 1) & (hashes.length - 1);
        }
        return slot;
    }
}
