package dev.understudy.usage;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * Sums over all calls of a stretch of time.
 *
 * @param slm answered by a small model
 * @param llm answered by a large one
 * @param unpriced calls whose cost is not known; they are in no sum of money
 * @param cost of the priced calls, in the catalogue's currency; null when there is none
 * @param baseline what the baseline model would have cost for those; null when that is known of none
 * @param saved baseline less cost, over the calls that have both; null when none has
 * @param slmShare of the answered calls, 0 to 1; null when none was answered
 * @param p95Micros within so long 95 of 100 calls were over; null without calls
 */
public record Totals(
        long calls,
        long slm,
        long llm,
        long failed,
        long denied,
        long unpriced,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal baseline,
        @Nullable BigDecimal saved,
        @Nullable Double slmShare,
        @Nullable Long p95Micros) {}
