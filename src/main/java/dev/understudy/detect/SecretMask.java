package dev.understudy.detect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Masks credentials in text: the forms of known providers, private keys, and values that a telling word names. */
public final class SecretMask {
    /** What stands in the place of a credential. */
    public static final String MASK = "<SECRET>";

    private static final String WORD_IN_NAME = "password passwd secret api_key apikey access_key private_key credential"
            + " auth_token access_token refresh_token client_secret";
    private static final String[] NAMES = WORD_IN_NAME.split(" ");

    private SecretMask() {}

    /**
     * Text without its credentials.
     *
     * @param text the very string that came in when nothing was found
     * @param count how many there were
     */
    public record Masked(String text, int count) {}

    /** Whether {@code text} has a credential. */
    public static boolean isIn(String text) {
        return !SecretForms.search(text).isEmpty();
    }

    /** Masks all credentials in {@code text}. Masking the result again changes nothing. */
    public static Masked mask(String text) {
        String left = text;
        int count = 0;
        while (true) {
            List<Hit> hits = find(left);
            if (hits.isEmpty()) {
                return new Masked(left, count);
            }
            count += hits.size();
            left = replace(left, hits);
        }
    }

    /**
     * Masks the value of a named field: wholly when the name says that it is a credential and it looks like one, else
     * as any text.
     */
    static Masked mask(@Nullable String name, String value) {
        if (name != null && namesCredential(name) && SecretForms.looksRandom(value)) {
            return new Masked(MASK, 1);
        }
        return mask(value);
    }

    private static boolean namesCredential(String name) {
        String plain = name.toLowerCase(java.util.Locale.ROOT).replace('-', '_');
        for (String word : NAMES) {
            if (plain.contains(word)) {
                return true;
            }
        }
        return plain.equals("token") || plain.equals("pwd") || plain.equals("authorization");
    }

    /** A stretch of text that is a credential. */
    record Hit(int start, int end) {}

    /** Hits in order; those that touch each other's characters are one. */
    static List<Hit> find(String text) {
        List<Hit> found = SecretForms.search(text);
        if (found.size() < 2) {
            return found;
        }
        found.sort(Comparator.comparingInt(Hit::start));
        List<Hit> apart = new ArrayList<>(found.size());
        Hit last = found.getFirst();
        for (Hit hit : found.subList(1, found.size())) {
            if (hit.start() < last.end()) {
                last = new Hit(last.start(), Math.max(last.end(), hit.end()));
            } else {
                apart.add(last);
                last = hit;
            }
        }
        apart.add(last);
        return apart;
    }

    private static String replace(String text, List<Hit> hits) {
        StringBuilder masked = new StringBuilder(text.length());
        int from = 0;
        for (Hit hit : hits) {
            masked.append(text, from, hit.start()).append(MASK);
            from = hit.end();
        }
        return masked.append(text, from, text.length()).toString();
    }
}
