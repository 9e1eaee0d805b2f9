package dev.understudy.policy;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys of {@code match} and {@code except}, as written. */
record MatchSpec(
        @Nullable List<String> teams,
        @Nullable List<String> apps,
        @Nullable List<String> keys,
        @Nullable Map<String, String> tags,
        @Nullable List<String> consent,
        @Nullable List<String> model,
        @Nullable List<String> api,
        @Nullable List<String> task,
        @Nullable List<String> kind,
        @Nullable List<String> phase,
        @Nullable @Valid ToolsSpec tools,
        @Nullable List<String> toolChoice,
        @Nullable List<String> responseFormat,
        @Nullable @Valid RangeSpec tokens,
        @Nullable @Valid RangeSpec maxTokens,
        @Nullable @Valid RangeSpec turns,
        @Nullable Boolean stream,
        @Nullable Boolean images,
        @Nullable List<String> sensitivity,
        @Nullable List<String> unavailable) {

    /** Tools on offer. */
    record ToolsSpec(
            @Nullable List<String> anyOf,
            @Nullable List<String> allOf,
            @Nullable List<String> noneOf,
            @Nullable @Valid RangeSpec count) {}

    /** A range, both ends included. */
    record RangeSpec(@Nullable Long min, @Nullable Long max) {
        @AssertTrue(message = "min must not be over max")
        boolean isInOrder() {
            return min == null || max == null || min <= max;
        }

        /** The condition for that key. */
        Condition.Within within(MatchKey key) {
            return new Condition.Within(key, min == null ? 0 : min, max == null ? Long.MAX_VALUE : max);
        }
    }
}
