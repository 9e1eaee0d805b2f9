package dev.understudy.detect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Phrases that give a model other orders than its author did, as they stand in texts from outside: a sign for a person
 * or a rule, no defence. Case, line breaks and runs of blanks do not matter. The list is short on purpose, since each
 * phrase also occurs in honest texts about such attempts; {@code policies.md} shows it.
 */
public final class InjectionMarks {
    /** All phrases, small letters, single blanks. */
    public static final List<String> PHRASES = List.of(
            "ignore previous instructions",
            "ignore all previous instructions",
            "ignore the previous instructions",
            "ignore the above instructions",
            "ignore your previous instructions",
            "ignore your instructions",
            "disregard previous instructions",
            "disregard all previous instructions",
            "disregard the above",
            "forget all previous instructions",
            "forget your instructions",
            "do not follow your instructions",
            "reveal your system prompt",
            "print your system prompt",
            "override your instructions",
            "new instructions from the developer",
            "you must not tell the user",
            "do not tell the user",
            "im_start|>system");

    private static final SecretMarks<String> MARKS = new SecretMarks<>(marks());

    private InjectionMarks() {}

    private static List<SecretMarks.Mark<String>> marks() {
        List<SecretMarks.Mark<String>> marks = new ArrayList<>();
        for (String phrase : PHRASES) {
            marks.add(new SecretMarks.Mark<>(phrase, true, phrase));
        }
        return List.copyOf(marks);
    }

    /** Whether one of them is in {@code text}. */
    public static boolean isIn(String text) {
        byte[] letters = singleBlanks(SecretMarks.letters(text));
        for (int at = MARKS.next(letters, 0); at >= 0; at = MARKS.next(letters, at + 1)) {
            List<SecretMarks.Mark<String>> marks = MARKS.marksAt(letters, at);
            for (int i = 0; i < marks.size(); i++) {
                if (marks.get(i).isAt(letters, at)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static byte[] singleBlanks(byte[] letters) {
        byte[] single = new byte[letters.length];
        int length = 0;
        boolean blank = false;
        for (byte letter : letters) {
            boolean isBlank = letter == ' ' || (letter >= '\t' && letter <= '\r');
            if (!isBlank) {
                single[length++] = letter;
            } else if (!blank) {
                single[length++] = ' ';
            }
            blank = isBlank;
        }
        return Arrays.copyOf(single, length);
    }
}
