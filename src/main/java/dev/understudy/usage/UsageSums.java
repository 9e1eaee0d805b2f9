package dev.understudy.usage;

import io.vertx.mutiny.sqlclient.Row;
import java.math.BigDecimal;
import java.math.MathContext;
import org.jspecify.annotations.Nullable;

/**
 * What adds up over calls.
 *
 * @param slm calls that the small model answered
 * @param baseline of the calls that have a cost, or null when there are none
 * @param compared cost of the calls that have a baseline, or null when there are none
 */
public record UsageSums(
        long calls,
        long errors,
        long denied,
        long escalations,
        long slm,
        long unpriced,
        long estimated,
        long inputTokens,
        long cachedTokens,
        long outputTokens,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal learning,
        @Nullable BigDecimal baseline,
        @Nullable BigDecimal compared) {
    /** Of no calls. */
    public static final UsageSums NONE = new UsageSums(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null, null, null, null);

    /** Reads a line of the query of {@link UsageSql}. */
    static UsageSums of(Row row) {
        return new UsageSums(
                row.getLong("calls"),
                row.getLong("errors"),
                row.getLong("denied"),
                row.getLong("escalations"),
                row.getLong("slm"),
                row.getLong("unpriced"),
                row.getLong("estimated"),
                row.getLong("input_tokens"),
                row.getLong("cached_tokens"),
                row.getLong("output_tokens"),
                row.getBigDecimal("cost"),
                row.getBigDecimal("learning"),
                row.getBigDecimal("baseline"),
                row.getBigDecimal("compared"));
    }

    /** Both together. */
    public UsageSums plus(UsageSums other) {
        return new UsageSums(
                calls + other.calls,
                errors + other.errors,
                denied + other.denied,
                escalations + other.escalations,
                slm + other.slm,
                unpriced + other.unpriced,
                estimated + other.estimated,
                inputTokens + other.inputTokens,
                cachedTokens + other.cachedTokens,
                outputTokens + other.outputTokens,
                sum(cost, other.cost),
                sum(learning, other.learning),
                sum(baseline, other.baseline),
                sum(compared, other.compared));
    }

    /** Baseline less what it is compared with, less learning; null where nothing can be compared. */
    public @Nullable BigDecimal saved() {
        if (baseline == null) {
            return null;
        }
        BigDecimal spent = compared == null ? BigDecimal.ZERO : compared;
        return baseline.subtract(spent).subtract(learning == null ? BigDecimal.ZERO : learning);
    }

    /** The value of a metric that adds up or follows from such; null where there is none, and for percentiles. */
    @Nullable
    BigDecimal value(Metric metric) {
        return switch (metric) {
            case CALLS -> BigDecimal.valueOf(calls);
            case ERRORS -> BigDecimal.valueOf(errors);
            case DENIED -> BigDecimal.valueOf(denied);
            case ESCALATIONS -> BigDecimal.valueOf(escalations);
            case SLM_SHARE ->
                calls == 0 ? null : BigDecimal.valueOf(slm).divide(BigDecimal.valueOf(calls), new MathContext(4));
            case INPUT_TOKENS -> BigDecimal.valueOf(inputTokens);
            case CACHED_TOKENS -> BigDecimal.valueOf(cachedTokens);
            case OUTPUT_TOKENS -> BigDecimal.valueOf(outputTokens);
            case COST -> cost;
            case LEARNING -> learning;
            case BASELINE -> baseline;
            case SAVED -> saved();
            case UNPRICED -> BigDecimal.valueOf(unpriced);
            case ESTIMATED -> BigDecimal.valueOf(estimated);
            case P50_LATENCY,
                    P95_LATENCY,
                    P99_LATENCY,
                    P50_TTFT,
                    P95_TTFT,
                    P99_TTFT,
                    P50_OVERHEAD,
                    P95_OVERHEAD,
                    P99_OVERHEAD -> null;
        };
    }

    private static @Nullable BigDecimal sum(@Nullable BigDecimal one, @Nullable BigDecimal other) {
        return one == null ? other : other == null ? one : one.add(other);
    }
}
