package dev.understudy.usage;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a question.
 *
 * @param lines in the order asked for
 * @param total of all groups together
 * @param tables that were read
 * @param asOf up to when what was written is counted: now, or the earliest hour that awaits its roll-up
 * @param currency ISO code
 */
public record UsageAnswer(
        UsageQuestion question, List<Line> lines, UsageSums total, List<String> tables, Instant asOf, String currency) {
    public UsageAnswer {
        lines = List.copyOf(lines);
        tables = List.copyOf(tables);
    }

    /**
     * One group.
     *
     * @param keys values of the dimensions, in the order of the question
     * @param other whether it is what the limit left over; its keys say nothing then
     * @param percentiles in microseconds; absent where nothing was measured
     */
    public record Line(List<String> keys, boolean other, UsageSums sums, Map<Metric, BigDecimal> percentiles) {
        public Line {
            keys = List.copyOf(keys);
            percentiles = percentiles.isEmpty() ? Map.of() : Map.copyOf(new EnumMap<>(percentiles));
        }

        /** The value of a metric, or null where there is none. */
        public @Nullable BigDecimal value(Metric metric) {
            return metric.span() == null ? sums.value(metric) : percentiles.get(metric);
        }
    }
}
