package dev.understudy.policy;

import java.util.List;

/** A list of names in which {@code *} stands for any characters. Compares without allocating. */
final class Globs {
    private final String[] patterns;

    Globs(List<String> patterns) {
        this.patterns = patterns.toArray(String[]::new);
    }

    /** Whether one of the patterns covers the whole name. */
    boolean cover(String name) {
        for (String pattern : patterns) {
            if (covers(pattern, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether {@code pattern} covers all of {@code name}; greedy with one step back, linear for one star. */
    static boolean covers(String pattern, String name) {
        int p = 0;
        int n = 0;
        int star = -1;
        int mark = 0;
        while (n < name.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                mark = n;
            } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
                p++;
                n++;
            } else if (star >= 0) {
                p = star + 1;
                n = ++mark;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    /** The patterns as written, separated by commas. */
    @Override
    public String toString() {
        return String.join(", ", patterns);
    }
}
