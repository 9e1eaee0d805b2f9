package dev.understudy.detect;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What credentials look like. Each form has marks, one of which any hit contains: a text without them is not searched.
 * No form but that of a private key reaches over an angle bracket, so none takes a mask for a part of a credential.
 */
final class SecretForms {
    private static final int LEAST = 8;
    private static final int LONGEST = 4_096;
    private static final double BITS_PER_CHAR = 2.5;

    /** Values that only stand for a credential. */
    private static final Set<String> PLACEHOLDERS =
            Set.of("password", "passwort", "changeme", "changeit", "undefined", "required", "optional", "redacted");

    private static final List<String> PLACEHOLDER_PARTS = List.of(
            "your_", "your-", "my_", "my-", "example", "placeholder", "xxxx", "****", "....", "dummy", "replace");

    private record Form(List<String> marks, Pattern pattern, int group) {}

    private static final List<Form> FORMS = List.of(
            // words end in "sk-" too, so the plain form needs a border, the longer ones stand for themselves
            form("\\bsk-[A-Za-z0-9_-]{16,}", "sk-"),
            form("sk-(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{16,}", "sk-"),
            form("usk_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,}", "usk_"),
            form("(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}", "AKIA", "ASIA", "ABIA", "ACCA"),
            form("gh[opsur]_[A-Za-z0-9]{36,}", "ghp_", "gho_", "ghs_", "ghu_", "ghr_"),
            form("github_pat_[A-Za-z0-9_]{22,}", "github_pat_"),
            form("glpat-[A-Za-z0-9_-]{20,}", "glpat-"),
            form("xox[abeoprs]-[A-Za-z0-9-]{10,}", "xox"),
            form("\\bhooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}", "hooks.slack.com/"),
            form("\\bAIza[A-Za-z0-9_-]{35}", "AIza"),
            form("\\bya29\\.[A-Za-z0-9_-]{20,}", "ya29."),
            form("\\b[rs]k_live_[A-Za-z0-9]{16,}", "k_live_"),
            form("hf_[A-Za-z0-9]{30,}", "hf_"),
            form("npm_[A-Za-z0-9]{36}", "npm_"),
            form("eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*", "eyJ"),
            form(
                    "-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
                            + "(?:[^-]*-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\\\\\\s]*)",
                    "PRIVATE KEY"));

    /** A name and a password in a URL; the password is the hit. */
    private static final Form IN_URL = new Form(
            List.of("://"),
            Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s/:@\"'<>\\\\]*:([^\\s/@\"'<>\\\\]{3,})@"),
            1);

    private static final Pattern BEARER = Pattern.compile("(?i)\\bbearer\\s+([A-Za-z0-9._~+/=-]{16,})");

    /** A telling word, what may stand between, and the value. */
    private static final Pattern NAMED = Pattern.compile("(?i)(?:passw(?:or[dt]|d)|pwd|secret|credential|api[_-]?key"
            + "|access[_-]?key|private[_-]?key|token|authorization)[a-z0-9_-]*[\\\\]?[\"']?\\s*(?::|=>|=|\\bis\\b)\\s*"
            + "[\\\\]?[\"'`]?([^\\s\"'`<>,;\\\\]{" + LEAST + ",})");

    private static final List<String> NAMED_MARKS =
            List.of("passw", "pwd", "secret", "credential", "key", "token", "authorization");

    private SecretForms() {}

    private static Form form(String pattern, String... marks) {
        return new Form(List.of(marks), Pattern.compile(pattern), 0);
    }

    /** All hits of all forms, in no order; they may overlap. */
    static List<SecretMask.Hit> search(String text) {
        List<SecretMask.Hit> hits = new ArrayList<>();
        for (Form form : FORMS) {
            if (marked(text, form.marks())) {
                collect(text, form.pattern(), form.group(), false, hits);
            }
        }
        if (marked(text, IN_URL.marks()) && text.indexOf('@') > 0) {
            collect(text, IN_URL.pattern(), IN_URL.group(), false, hits);
        }
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("bearer")) {
            collect(text, BEARER, 1, true, hits);
        }
        if (marked(lower, NAMED_MARKS)) {
            collect(text, NAMED, 1, true, hits);
        }
        return hits;
    }

    private static boolean marked(String text, List<String> marks) {
        for (String mark : marks) {
            if (text.contains(mark)) {
                return true;
            }
        }
        return false;
    }

    private static void collect(
            String text, Pattern pattern, int group, boolean onlyRandom, List<SecretMask.Hit> hits) {
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            int start = matcher.start(group);
            int end = matcher.end(group);
            if (!onlyRandom || looksRandom(text.substring(start, end))) {
                hits.add(new SecretMask.Hit(start, end));
            }
        }
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
