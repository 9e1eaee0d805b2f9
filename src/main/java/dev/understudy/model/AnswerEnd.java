package dev.understudy.model;

import dev.understudy.call.TokenCount;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a whole answer.
 *
 * @param finish finish reason of the first choice, or null
 * @param tokens reported, or estimated where the upstream reports none
 * @param reply the answer read once more, from a small model; null from an upstream, whose bytes are relayed unread
 * @param run how the small model ran it; null from an upstream
 */
public record AnswerEnd(
        @Nullable String finish,
        TokenCount tokens,
        @Nullable Reply reply,
        @Nullable LocalRun run) {}
