package dev.understudy.policy;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Finds the name that somebody may have meant. */
final class Nearest {
    private static final int SHOWN = 128;

    private Nearest() {}

    /** The closest of these names, or null when none is within a third of the word. */
    static @Nullable String to(String word, Collection<String> names) {
        String best = null;
        int least = Math.max(2, word.length() / 3) + 1;
        for (String name : names) {
            int distance = distance(word, name);
            if (distance < least) {
                least = distance;
                best = name;
            }
        }
        return best;
    }

    /** As {@code did you mean 'x'?}, or empty. */
    static String hint(String word, Collection<String> names) {
        String best = to(word, names);
        return best == null ? "" : "did you mean '" + best + "'?";
    }

    /** A word of a file in a message: cut, without controls. */
    static String shown(String word) {
        String cut = word.length() > SHOWN ? word.substring(0, SHOWN) + "..." : word;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    /** Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment). */
    private static int distance(String a, String b) {
        if (Math.abs(a.length() - b.length()) > a.length()) {
            return Integer.MAX_VALUE;
        }
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                    continue;
                }
                int replace = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                cost[i][j] = Math.min(replace, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    cost[i][j] = Math.min(cost[i][j], 1 + cost[i - 2][j - 2]);
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
