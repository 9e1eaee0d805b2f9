package dev.understudy.detect;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What credentials look like. Each begins with a mark or follows a telling word, and is looked for at these places only:
 * most texts have none. No form but that of a private key reaches over an angle bracket, so none takes a mask for a part
 * of a credential.
 */
final class SecretForms {
    private static final int LEAST = 8;
    private static final int BEARER_LEAST = 16;
    private static final int LONGEST = 4_096;
    private static final int LONGEST_FORM = 32_768;
    private static final double BITS_PER_CHAR = 2.5;

    /** Values that only stand for a credential. */
    private static final Set<String> PLACEHOLDERS =
            Set.of("password", "passwort", "changeme", "changeit", "undefined", "required", "optional", "redacted");

    private static final List<String> PLACEHOLDER_PARTS = List.of(
            "your_", "your-", "my_", "my-", "example", "placeholder", "xxxx", "****", "....", "dummy", "replace");

    /** What follows a mark. */
    private sealed interface Sign {
        /**
         * A form of a provider.
         *
         * @param border whether no letter, digit or underscore may stand before it
         * @param pattern the whole of it
         */
        record Form(boolean border, Pattern pattern) implements Sign {}

        /** A word that tells of a credential behind it. */
        record Name(int length) implements Sign {}

        /** What stands between a scheme and a host. */
        record Url() implements Sign {}

        /** A header's value. */
        record Bearer(int length) implements Sign {}
    }

    private static final List<String> NAMES = List.of(
            "passw",
            "pwd",
            "secret",
            "credential",
            "api_key",
            "apikey",
            "api-key",
            "access_key",
            "accesskey",
            "access-key",
            "private_key",
            "privatekey",
            "private-key",
            "token",
            "authorization");

    private static final SecretMarks<Sign> MARKS = new SecretMarks<>(marks());

    private SecretForms() {}

    private static List<SecretMarks.Mark<Sign>> marks() {
        List<SecretMarks.Mark<Sign>> forms = new ArrayList<>();
        // words end in "sk-" too, so the plain form needs a border, the longer ones stand for themselves
        add(forms, true, "sk-[A-Za-z0-9_-]{16,}", "sk-");
        add(forms, false, "sk-(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{16,}", "sk-");
        add(forms, false, "usk_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,}", "usk_");
        add(forms, false, "A[A-Z]{3}[A-Z0-9]{16}", "AKIA", "ASIA", "ABIA", "ACCA");
        add(forms, false, "gh[opsur]_[A-Za-z0-9]{36,}", "ghp_", "gho_", "ghs_", "ghu_", "ghr_");
        add(forms, false, "github_pat_[A-Za-z0-9_]{22,}", "github_pat_");
        add(forms, false, "glpat-[A-Za-z0-9_-]{20,}", "glpat-");
        add(forms, false, "xox[abeoprs]-[A-Za-z0-9-]{10,}", "xox");
        add(forms, true, "hooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}", "hooks.slack.com/");
        add(forms, true, "AIza[A-Za-z0-9_-]{35}", "AIza");
        add(forms, true, "ya29\\.[A-Za-z0-9_-]{20,}", "ya29.");
        add(forms, true, "[rs]k_live_[A-Za-z0-9]{16,}", "sk_live_", "rk_live_");
        add(forms, false, "hf_[A-Za-z0-9]{30,}", "hf_");
        add(forms, false, "npm_[A-Za-z0-9]{36}", "npm_");
        add(forms, false, "eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*", "eyJ");
        add(
                forms,
                false,
                "-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
                        + "(?:[^-]*-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\\\\\\s]*)",
                "-----BEGIN ");
        forms.add(new SecretMarks.Mark<>("://", false, new Sign.Url()));
        for (String name : NAMES) {
            forms.add(new SecretMarks.Mark<>(name, true, new Sign.Name(name.length())));
        }
        forms.add(new SecretMarks.Mark<>("bearer ", true, new Sign.Bearer("bearer".length())));
        return List.copyOf(forms);
    }

    private static void add(List<SecretMarks.Mark<Sign>> forms, boolean border, String pattern, String... marks) {
        for (String mark : marks) {
            forms.add(new SecretMarks.Mark<>(mark, false, new Sign.Form(border, Pattern.compile(pattern))));
        }
    }

    /** All hits of all forms, in no order; they may overlap. */
    static List<SecretMask.Hit> search(String text) {
        byte[] letters = SecretMarks.letters(text);
        List<SecretMask.Hit> hits = null;
        for (int at = MARKS.next(letters, 0); at >= 0; at = MARKS.next(letters, at + 1)) {
            List<SecretMarks.Mark<Sign>> marks = MARKS.marksAt(letters, at);
            for (int i = 0; i < marks.size(); i++) {
                SecretMarks.Mark<Sign> mark = marks.get(i);
                if (mark.isAt(letters, at)) {
                    hits = hits == null ? new ArrayList<>() : hits;
                    look(text, at, mark.meaning(), hits);
                }
            }
        }
        return hits == null ? List.of() : hits;
    }

    /**
     * Whether nothing in a JSON document looks like a credential, seen from its raw bytes; false also where an escape
     * stands in the way of telling.
     *
     * @param json UTF-8
     */
    static boolean isPlain(byte[] json) {
        for (int at = MARKS.next(json, 0); at >= 0; at = MARKS.next(json, at + 1)) {
            List<SecretMarks.Mark<Sign>> marks = MARKS.marksAt(json, at);
            for (int i = 0; i < marks.size(); i++) {
                SecretMarks.Mark<Sign> mark = marks.get(i);
                if (mark.isAt(json, at) && mayTell(json, at, mark.meaning())) {
                    return false;
                }
            }
        }
        return !hidesAscii(json);
    }

    private static boolean mayTell(byte[] json, int at, Sign sign) {
        return switch (sign) {
            case Sign.Form form -> true;
            case Sign.Bearer bearer -> true;
            case Sign.Name name -> isAssigned(json, at + name.length());
            case Sign.Url url -> hasUser(json, at + 3);
        };
    }

    /** Whether a telling word that ends at {@code from} gives a value away, as its neighbour or as part of its name. */
    private static boolean isAssigned(byte[] json, int from) {
        int i = from;
        while (i < json.length && (isWord((char) json[i]) || json[i] == '-')) {
            i++;
        }
        if (i < json.length && (json[i] == '\'' || json[i] == '`')) {
            i++;
        }
        while (i < json.length && json[i] == ' ') {
            i++;
        }
        if (i >= json.length) {
            return false;
        }
        return switch (json[i]) {
            case ':', '=', '\\' -> true;
            case 'i' -> (i + 2 < json.length && json[i + 1] == 's' && json[i + 2] == ' ') || isInNameOfText(json, i);
            default -> json[i] < 0x20 || isInNameOfText(json, i);
        };
    }

    /** Whether the string in which a place lies is the name of a member that is no number, object, array or literal. */
    private static boolean isInNameOfText(byte[] json, int from) {
        int i = from;
        while (i < json.length && json[i] != '"') {
            i += json[i] == '\\' ? 2 : 1;
        }
        do {
            i++;
        } while (i < json.length && json[i] <= ' ');
        if (i >= json.length || json[i] != ':') {
            return false;
        }
        do {
            i++;
        } while (i < json.length && json[i] <= ' ');
        return i < json.length && "0123456789-{[tfn".indexOf(json[i]) < 0;
    }

    private static boolean hasUser(byte[] json, int from) {
        int i = from;
        while (i < json.length && json[i] != '/' && isValue((char) (json[i] & 0xFF))) {
            if (json[i] == '@') {
                return true;
            }
            i++;
        }
        return i + 1 < json.length && json[i] == '\\' && json[i + 1] == 'u';
    }

    /** Whether a letter or sign of ASCII is written by its number, or a slash with a backslash. */
    private static boolean hidesAscii(byte[] json) {
        for (int i = 0; i < json.length - 1; i++) {
            if (json[i] == '\\') {
                i++;
                if (json[i] == '/'
                        || (json[i] == 'u' && json.length - i > 2 && json[i + 1] == '0' && json[i + 2] == '0')) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void look(String text, int at, Sign sign, List<SecretMask.Hit> hits) {
        switch (sign) {
            case Sign.Form form -> {
                if (!form.border() || at == 0 || !isWord(text.charAt(at - 1))) {
                    match(text, at, form.pattern(), hits);
                }
            }
            case Sign.Name name -> named(text, at + name.length(), hits);
            case Sign.Url url -> passwordOfUrl(text, at + 3, hits);
            case Sign.Bearer bearer -> value(text, skipBlanks(text, at + bearer.length()), BEARER_LEAST, hits);
        }
    }

    /** Looks whether the form begins just here; what is far behind cannot belong to it. */
    private static void match(String text, int at, Pattern pattern, List<SecretMask.Hit> hits) {
        Matcher matcher = pattern.matcher(text.substring(at, Math.min(text.length(), at + LONGEST_FORM)));
        if (matcher.lookingAt()) {
            hits.add(new SecretMask.Hit(at, at + matcher.end()));
        }
    }

    /** Between a name and an at sign, without a slash or a blank. */
    private static void passwordOfUrl(String text, int from, List<SecretMask.Hit> hits) {
        int colon = -1;
        for (int i = from; i < Math.min(text.length(), from + LONGEST); i++) {
            char c = text.charAt(i);
            if (c == '@') {
                if (colon >= 0 && i - colon > 3) {
                    hits.add(new SecretMask.Hit(colon + 1, i));
                }
                return;
            }
            if (c == ':' && colon < 0) {
                colon = i;
            } else if (c == '/' || !isValue(c)) {
                return;
            }
        }
    }

    /** The value after a telling word: the rest of the name, a quote, a colon or the like, a quote, then the value. */
    private static void named(String text, int from, List<SecretMask.Hit> hits) {
        int i = from;
        while (i < text.length() && (isWord(text.charAt(i)) || text.charAt(i) == '-')) {
            i++;
        }
        i = skipBlanks(text, skipQuote(text, i));
        if (text.startsWith("=>", i)) {
            i += 2;
        } else if (i < text.length() && (text.charAt(i) == ':' || text.charAt(i) == '=')) {
            i++;
        } else if (text.startsWith("is ", i)) {
            i += 3;
        } else {
            return;
        }
        value(text, skipQuote(text, skipBlanks(text, i)), LEAST, hits);
    }

    private static void value(String text, int from, int least, List<SecretMask.Hit> hits) {
        int end = from;
        while (end < text.length() && isValue(text.charAt(end))) {
            end++;
        }
        if (end - from >= least && looksRandom(text.substring(from, end))) {
            hits.add(new SecretMask.Hit(from, end));
        }
    }

    private static int skipBlanks(String text, int from) {
        int i = from;
        while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /** Passes one quotation mark, also one escaped inside a string. */
    private static int skipQuote(String text, int from) {
        int i = from < text.length() && text.charAt(from) == '\\' ? from + 1 : from;
        return i < text.length() && "\"'`".indexOf(text.charAt(i)) >= 0 ? i + 1 : from;
    }

    private static boolean isWord(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }

    private static boolean isValue(char c) {
        return !Character.isWhitespace(c) && "\"'`<>,;\\".indexOf(c) < 0;
    }

    /**
     * Whether a value could be a credential: long enough, of at least two sorts of characters, with the entropy of one,
     * and not one of the words that people write in its place.
     */
    static boolean looksRandom(String value) {
        int length = value.length();
        if (length < LEAST || length > LONGEST || value.indexOf(' ') >= 0 || value.indexOf('<') >= 0) {
            return false;
        }
        String lower = value.toLowerCase(Locale.ROOT);
        if (PLACEHOLDERS.contains(lower) || value.startsWith("$") || value.startsWith("{") || value.startsWith("[")) {
            return false;
        }
        for (String part : PLACEHOLDER_PARTS) {
            if (lower.contains(part)) {
                return false;
            }
        }
        return sorts(value) >= 2 && entropy(value) >= BITS_PER_CHAR;
    }

    /** Of small letters, capitals after the first character, digits and other printable signs: how many sorts occur. */
    private static int sorts(String value) {
        boolean small = false;
        boolean capital = false;
        boolean digit = false;
        boolean sign = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c >= 'a' && c <= 'z') {
                small = true;
            } else if (c >= 'A' && c <= 'Z') {
                capital |= i > 0;
            } else if (c >= '0' && c <= '9') {
                digit = true;
            } else if ("._-/()[]{}:".indexOf(c) < 0) {
                // these join the words of plain text and code
                sign = true;
            }
        }
        return (small ? 1 : 0) + (capital ? 1 : 0) + (digit ? 1 : 0) + (sign ? 1 : 0);
    }

    /** Shannon's entropy of the characters, in bits each. */
    private static double entropy(String value) {
        int[] counts = new int[128];
        int others = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < counts.length) {
                counts[c]++;
            } else {
                others++;
            }
        }
        double bits = share(others, value.length());
        for (int count : counts) {
            bits += share(count, value.length());
        }
        return bits;
    }

    private static double share(int count, int length) {
        if (count == 0) {
            return 0;
        }
        double p = (double) count / length;
        return -p * Math.log(p) / Math.log(2);
    }
}
