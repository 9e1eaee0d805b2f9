package dev.understudy.model;

import org.jspecify.annotations.Nullable;

/**
 * How a small model ran one answer. Margins are in logits, over the tokens that carry the answer: values of arguments
 * and of JSON, or all of a text; negative where grammar or sampling passed over the model's first choice. A token
 * without an alternative does not count.
 *
 * @param variant hash of weights, adapter, template and sampler settings
 * @param device {@code cpu}, {@code cuda:0}, ...
 * @param deviceMicros device time, a step's time split over the requests it served
 * @param queueMicros time until a slot was free
 * @param minMargin least margin, or null when no token counts
 * @param meanMargin mean margin, or null when no token counts
 * @param rawText all that the model wrote, before it was read; null when it wrote nothing
 */
public record LocalRun(
        String variant,
        String device,
        long deviceMicros,
        long queueMicros,
        @Nullable Double minMargin,
        @Nullable Double meanMargin,
        @Nullable String rawText) {}
