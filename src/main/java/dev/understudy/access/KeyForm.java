package dev.understudy.access;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** How a key of ours is written: {@code usk_<8>_<32>} in base62; the eight are stored to find its row. */
final class KeyForm {
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final String START = "usk_";
    private static final int PREFIX = 8;
    private static final int SECRET = 32;

    private KeyForm() {}

    /** A new key; 32 digits of base62 hold 190 bits. */
    static String make(RandomGenerator random) {
        StringBuilder key = new StringBuilder(START);
        append(key, random, PREFIX);
        append(key.append('_'), random, SECRET);
        return key.toString();
    }

    private static void append(StringBuilder key, RandomGenerator random, int digits) {
        for (int i = 0; i < digits; i++) {
            key.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
    }

    /**
     * Whether a credential means to be a key of ours, also when it was cut short: such a one must never be sent to an
     * upstream.
     */
    static boolean isOurs(String credential) {
        return credential.startsWith(START);
    }

    /** The stored prefix of a whole key, or null when the form is wrong. */
    static @Nullable String prefixOf(String key) {
        int dash = START.length() + PREFIX;
        if (key.length() != dash + 1 + SECRET || !key.startsWith(START) || key.charAt(dash) != '_') {
            return null;
        }
        for (int i = START.length(); i < key.length(); i++) {
            if (i != dash && ALPHABET.indexOf(key.charAt(i)) < 0) {
                return null;
            }
        }
        return key.substring(START.length(), dash);
    }
}
