package dev.understudy.verify;

/**
 * Whether a text goes round in circles: the same one to sixteen words again and again without anything between, a word
 * that is one short piece over and over, or text most of whose runs of four words were there before. Seen are the last
 * four thousand words, since whoever loops does so to the end.
 */
final class Repetition {
    private static final int MOST_WORDS = 4_096;
    private static final int LONGEST_ROUND = 16;
    /** So many rounds of one word, of two or three, of more are a loop; a table may well repeat a number. */
    private static final int ROUNDS_OF_ONE = 8;

    private static final int ROUNDS_OF_FEW = 6;
    private static final int ROUNDS_OF_MANY = 4;
    private static final int ROUNDS_OF_NUMBERS = 64;
    private static final int RUN = 4;
    private static final int LEAST_RUNS = 64;
    private static final int LONGEST_PIECE = 8;
    private static final int LEAST_LONG_WORD = 64;

    private final int[] words = new int[MOST_WORDS];
    private final boolean[] letters = new boolean[MOST_WORDS];
    private int seen;
    private boolean longLoop;

    private Repetition() {}

    static boolean isIn(String text) {
        if (text.length() < LEAST_LONG_WORD / 4) {
            return false;
        }
        Repetition repetition = new Repetition();
        repetition.read(text);
        return repetition.longLoop || repetition.goesRound() || (!isJson(text) && repetition.isOld());
    }

    /** Documents repeat their keys. */
    private static boolean isJson(String text) {
        return text.startsWith("{") || text.startsWith("[");
    }

    private void read(String text) {
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (PromptText.hasNoBlanks(c)) {
                add(c, true);
                at++;
            } else if (PromptText.isWord(c)) {
                at = readWord(text, at);
            } else {
                at++;
            }
        }
    }

    private int readWord(String text, int from) {
        int hash = 0;
        boolean letter = false;
        int at = from;
        while (at < text.length() && PromptText.isWord(text.charAt(at))) {
            char c = text.charAt(at);
            letter |= !FoldedText.isDigit(c);
            hash = hash * 31 + Character.toLowerCase(c);
            at++;
        }
        if (at - from >= LEAST_LONG_WORD) {
            longLoop |= isOnePiece(text, from, at);
        }
        add(hash, letter);
        return at;
    }

    private static boolean isOnePiece(String text, int from, int to) {
        int end = Math.min(to, from + MOST_WORDS);
        for (int piece = 1; piece <= LONGEST_PIECE; piece++) {
            int at = from + piece;
            while (at < end && text.charAt(at) == text.charAt(at - piece)) {
                at++;
            }
            if (at == end) {
                return true;
            }
        }
        return false;
    }

    private void add(int hash, boolean letter) {
        int slot = seen % MOST_WORDS;
        words[slot] = hash;
        letters[slot] = letter;
        seen++;
    }

    private int count() {
        return Math.min(seen, MOST_WORDS);
    }

    private int word(int i) {
        return words[(seen - count() + i) % MOST_WORDS];
    }

    private boolean isLetters(int i) {
        return letters[(seen - count() + i) % MOST_WORDS];
    }

    private boolean goesRound() {
        int count = count();
        for (int round = 1; round <= LONGEST_ROUND && round < count; round++) {
            int same = 0;
            boolean letter = false;
            for (int i = round; i < count; i++) {
                if (word(i) != word(i - round)) {
                    same = 0;
                    letter = false;
                    continue;
                }
                same++;
                letter |= isLetters(i);
                if (same >= round * (rounds(round, letter) - 1)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int rounds(int round, boolean letter) {
        if (!letter) {
            return ROUNDS_OF_NUMBERS;
        }
        if (round == 1) {
            return ROUNDS_OF_ONE;
        }
        return round < RUN ? ROUNDS_OF_FEW : ROUNDS_OF_MANY;
    }

    /** Whether more than three in five runs of four words were there before; runs of numbers alone do not count. */
    private boolean isOld() {
        int count = count();
        if (count < LEAST_RUNS) {
            return false;
        }
        int[] table = new int[Integer.highestOneBit(2 * count) << 1];
        int runs = 0;
        int old = 0;
        for (int i = 0; i + RUN <= count; i++) {
            int hash = runFrom(i);
            if (hash == 0) {
                continue;
            }
            runs++;
            int slot = (hash ^ (hash >>> 16)) & (table.length - 1);
            while (table[slot] != 0 && table[slot] != hash) {
                slot = (slot + 1) & (table.length - 1);
            }
            if (table[slot] == hash) {
                old++;
            } else {
                table[slot] = hash;
            }
        }
        return runs >= LEAST_RUNS && 5 * old > 3 * runs;
    }

    /** A hash of the four words from here on; 0 for numbers alone. */
    private int runFrom(int from) {
        int hash = 1;
        boolean letter = false;
        for (int i = from; i < from + RUN; i++) {
            hash = (hash * 0x01000193) ^ word(i);
            letter |= isLetters(i);
        }
        if (!letter) {
            return 0;
        }
        return hash == 0 ? 1 : hash;
    }
}
