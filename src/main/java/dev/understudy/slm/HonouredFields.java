package dev.understudy.slm;

import java.util.Set;
import java.util.TreeSet;

/**
 * Which fields of a chat request a small model honours exactly. Whoever chooses a model asks here, so that no request
 * reaches one that would refuse it or, worse, answer as if a field were not there.
 */
public final class HonouredFields {
    /** How the answer is sampled. */
    private static final Set<String> SAMPLING = Set.of(
            "temperature",
            "top_p",
            "min_p",
            "top_k",
            "repeat_penalty",
            "frequency_penalty",
            "presence_penalty",
            "seed",
            "stop");

    /** Read elsewhere, or a matter between caller and gateway. */
    private static final Set<String> ELSEWHERE = Set.of(
            "model",
            "messages",
            "stream",
            "stream_options",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
            "response_format",
            "max_tokens",
            "max_completion_tokens",
            "n",
            "user",
            "safety_identifier",
            "metadata",
            "store",
            "prompt_cache_key",
            "prompt_cache_retention",
            "service_tier");

    private HonouredFields() {}

    /**
     * Whether a small model honours that field, whatever its value. {@code logprobs} and {@code modalities} depend on
     * their value, and the numbers of {@code logit_bias} are those of another model's tokens: no.
     */
    public static boolean has(String field) {
        return SAMPLING.contains(field) || ELSEWHERE.contains(field);
    }

    /** Whether the field says nothing about sampling. */
    static boolean isElsewhere(String field) {
        return ELSEWHERE.contains(field);
    }

    /** All of them. */
    static Set<String> all() {
        Set<String> all = new TreeSet<>(SAMPLING);
        all.addAll(ELSEWHERE);
        return all;
    }
}
