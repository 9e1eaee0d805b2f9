package dev.understudy.learn;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Set;

/** When two strings say the same. */
final class Texts {
    private static final Set<String> ID_FORMATS = Set.of("uuid", "uri", "email", "date", "date-time");
    private static final String QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb";
    private static final String END_MARKS = ".!?,;:";

    private Texts() {}

    /**
     * A value as it is compared: compatibility forms, blanks and case are of no meaning, but case is where the value is
     * an identifier.
     *
     * @param format of its schema, or empty
     */
    static String value(String text, String format) {
        String plain = joined(Normalizer.normalize(text, Normalizer.Form.NFKC));
        return isIdentifier(plain, format) ? plain : folded(plain);
    }

    /** A label as it is compared: without quotes around and marks at its end. */
    static String label(String text) {
        String plain = joined(Normalizer.normalize(text, Normalizer.Form.NFKC));
        int start = 0;
        int end = plain.length();
        while (start < end && isOf(plain.charAt(start), QUOTES)) {
            start++;
        }
        while (start < end && (isOf(plain.charAt(end - 1), QUOTES) || isOf(plain.charAt(end - 1), END_MARKS))) {
            end--;
        }
        return folded(plain.substring(start, end).strip());
    }

    private static boolean isIdentifier(String text, String format) {
        return ID_FORMATS.contains(format) || text.chars().anyMatch(Character::isDigit);
    }

    private static boolean isOf(char c, String set) {
        return set.indexOf(c) >= 0;
    }

    private static String folded(String text) {
        return text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    }

    private static String joined(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean blank = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
                blank = true;
            } else {
                if (blank && !out.isEmpty()) {
                    out.append(' ');
                }
                blank = false;
                out.append(c);
            }
        }
        return out.toString();
    }
}
