package dev.understudy.model;

import org.jspecify.annotations.Nullable;

/**
 * How a small model ran one answer.
 *
 * @param variant hash of weights, adapter, template and sampler settings
 * @param device {@code cpu}, {@code cuda:0}, ...
 * @param deviceMicros device time, a step's time split over the requests it served
 * @param queueMicros time until a slot was free
 * @param minMargin least margin over the answer's tokens, or null when it has none
 */
public record LocalRun(
        String variant,
        String device,
        long deviceMicros,
        long queueMicros,
        @Nullable Double minMargin) {}
