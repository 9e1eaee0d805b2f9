package dev.understudy.usage;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A question on usage, all of its names known.
 *
 * @param metrics at least one
 * @param groupBy none: one line for everything
 * @param filters a line counts when each of these dimensions has one of the values
 * @param from first moment
 * @param to first moment after the last
 * @param limit most groups; the rest is put together as one
 * @param order what the groups are ordered by; null: time first to last, else the first metric from the greatest
 */
public record UsageQuestion(
        List<Metric> metrics,
        List<Dimension> groupBy,
        Map<Dimension, List<String>> filters,
        Instant from,
        Instant to,
        int limit,
        @Nullable Order order) {
    /** Most groups that an answer has. */
    public static final int MOST_GROUPS = 10_000;

    public UsageQuestion {
        metrics = List.copyOf(metrics);
        groupBy = List.copyOf(groupBy);
        filters = Map.copyOf(new LinkedHashMap<>(filters));
        if (metrics.isEmpty()) {
            throw new IllegalArgumentException("metrics must not be empty");
        }
        if (!from.isBefore(to)) {
            throw new IllegalArgumentException("from must be before to");
        }
        if (limit < 1 || limit > MOST_GROUPS) {
            throw new IllegalArgumentException("limit must be in 1.." + MOST_GROUPS + ", got " + limit);
        }
    }

    /**
     * What groups are ordered by; one of the two is given.
     *
     * @param descending greatest first
     */
    public record Order(@Nullable Metric metric, @Nullable Dimension dimension, boolean descending) {
        public Order {
            if ((metric == null) == (dimension == null)) {
                throw new IllegalArgumentException("order: give a metric or a dimension");
            }
        }
    }
}
