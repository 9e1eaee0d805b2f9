package dev.understudy.usage;

import dev.understudy.capture.CallLine;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call's whole way, as far as it was written down. Closed sets are given by their wire names; times are microseconds.
 *
 * @param reasons why each signal is what it is
 * @param unknown signals that could not be had, and why
 * @param bucket of the rollout that decided, 0 to 9,999
 * @param escalation the check or failure for which a small model gave way
 * @param mirror the model that was to answer beside, unheard
 * @param dropped targets that were not eligible
 */
public record CallStory(
        CallLine line,
        String session,
        String api,
        @Nullable String siteMatch,
        @Nullable String sensitivity,
        Map<String, String> reasons,
        Map<String, String> unknown,
        String revision,
        @Nullable String action,
        @Nullable String basis,
        @Nullable Integer bucket,
        @Nullable String escalation,
        @Nullable String mirror,
        List<Dropped> dropped,
        @Nullable String finish,
        @Nullable Long overheadMicros,
        String record,
        List<Attempt> attempts) {
    public CallStory {
        reasons = Map.copyOf(reasons);
        unknown = Map.copyOf(unknown);
        dropped = List.copyOf(dropped);
        attempts = List.copyOf(attempts);
    }

    /** One target that was not eligible, by a code and in words. */
    public record Dropped(String model, String code, String detail) {}

    /**
     * One try on one model.
     *
     * @param startMicros from the call's arrival
     * @param queueMicros how long it waited for a slot; null when it did not
     * @param firstContentMicros from the call's arrival until its first content came; null when none came
     * @param endMicros from the call's arrival
     * @param accepted whether its answer was the one sent
     */
    public record Attempt(
            int n,
            String role,
            String tier,
            String model,
            @Nullable String variant,
            long startMicros,
            @Nullable Long queueMicros,
            @Nullable Long firstContentMicros,
            long endMicros,
            @Nullable Integer status,
            @Nullable String error,
            @Nullable String finish,
            @Nullable Integer inputTokens,
            @Nullable Integer cachedTokens,
            @Nullable Integer outputTokens,
            @Nullable String device,
            @Nullable Long deviceMicros,
            @Nullable Double minMargin,
            List<Check> verify,
            boolean accepted,
            @Nullable BigDecimal cost) {}

    /** One step of the ladder: {@code pass}, {@code fail} or {@code skip}, and why. */
    public record Check(String step, String result, String detail, long micros) {}
}
