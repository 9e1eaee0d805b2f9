package dev.understudy.inspect;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What an agent's author wrote, after the masks.
 *
 * @param outline its lines, hashed
 * @param words up to three that may name it, lower case
 */
public record Prompt(Outline outline, List<String> words) {
    private static final int WORDS = 3;
    private static final int LETTERS = 4;
    private static final int LONGEST = 16;
    private static final Set<String> EMPTY_WORDS = Set.of(
            "about",
            "agent",
            "also",
            "always",
            "answer",
            "assistant",
            "been",
            "body",
            "careful",
            "code",
            "each",
            "every",
            "exactly",
            "expert",
            "following",
            "from",
            "give",
            "given",
            "have",
            "helpful",
            "here",
            "into",
            "just",
            "like",
            "make",
            "many",
            "must",
            "need",
            "never",
            "number",
            "only",
            "other",
            "please",
            "quote",
            "reply",
            "respond",
            "should",
            "some",
            "such",
            "system",
            "task",
            "that",
            "their",
            "them",
            "then",
            "there",
            "these",
            "they",
            "this",
            "those",
            "user",
            "using",
            "very",
            "want",
            "well",
            "what",
            "when",
            "where",
            "which",
            "will",
            "with",
            "would",
            "write",
            "your",
            "yours");

    public Prompt {
        words = List.copyOf(words);
    }

    /** Reads the masked lines of a team's prompt. */
    static Prompt of(SiteKeys keys, String team, List<String> lines) {
        return new Prompt(keys.outline(team, lines), words(lines));
    }

    /** The first words that say something. */
    static List<String> words(List<String> lines) {
        List<String> words = new ArrayList<>(WORDS);
        for (String line : lines) {
            int start = -1;
            for (int i = 0; i <= line.length(); i++) {
                char c = i < line.length() ? line.charAt(i) : ' ';
                boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
                if (letter && start < 0) {
                    start = i;
                } else if (!letter && start >= 0) {
                    // A word in angle brackets is a mask's name.
                    boolean mask = start > 0 && line.charAt(start - 1) == '<' && c == '>';
                    String word = line.substring(start, i).toLowerCase(Locale.ROOT);
                    start = -1;
                    boolean says = word.length() >= LETTERS && word.length() <= LONGEST && !EMPTY_WORDS.contains(word);
                    if (says && !mask && !words.contains(word)) {
                        words.add(word);
                        if (words.size() == WORDS) {
                            return words;
                        }
                    }
                }
            }
        }
        return words;
    }
}
