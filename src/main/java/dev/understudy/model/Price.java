package dev.understudy.model;

import java.math.BigDecimal;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs from a day on, in the catalogue's currency.
 *
 * @param from first day, UTC
 * @param match glob over the model name that was asked for; {@code *} for all
 * @param input per million prompt tokens; null where priced by time
 * @param cachedInput per million cached prompt tokens; null: as {@code input}
 * @param output per million answer tokens; null where priced by time
 * @param perHour per hour of device time; null where priced by tokens
 */
public record Price(
        LocalDate from,
        String match,
        @Nullable BigDecimal input,
        @Nullable BigDecimal cachedInput,
        @Nullable BigDecimal output,
        @Nullable BigDecimal perHour) {
    public Price {
        boolean byTokens = input != null && output != null;
        if (byTokens == (perHour != null)) {
            throw new IllegalArgumentException("price: give either input and output, or perHour");
        }
    }
}
