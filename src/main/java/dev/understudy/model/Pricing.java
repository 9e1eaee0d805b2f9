package dev.understudy.model;

import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What calls cost, in the catalogue's currency. Large models are priced by token, small ones by device time. A call
 * without a fitting price is unpriced, which is null and never zero.
 *
 * <p>Of the prices that had begun on the day of the call the longest fitting glob wins, among equals the newest.
 */
public final class Pricing {
    private static final int MILLION_DIGITS = 6;
    private static final BigDecimal MICROS_PER_HOUR = BigDecimal.valueOf(3_600_000_000L);

    private Pricing() {}

    /**
     * What one try cost.
     *
     * @param requested the model name that the caller asked for, which price globs are matched with
     * @param deviceMicros device time of a small model in this process, or null
     * @param day of the call, UTC
     */
    public static @Nullable BigDecimal cost(
            ModelCard card, String requested, TokenCount tokens, @Nullable Long deviceMicros, LocalDate day) {
        Price price = priceOf(card, requested, day);
        if (price == null) {
            return null;
        }
        if (price.perHour() != null) {
            return deviceMicros == null
                    ? null
                    : price.perHour()
                            .multiply(BigDecimal.valueOf(deviceMicros))
                            .divide(MICROS_PER_HOUR, MathContext.DECIMAL64);
        }
        return tokens.source() == TokenCount.Source.NONE ? null : byTokens(price, tokens);
    }

    /**
     * What the baseline model would have cost for the same tokens: the one that the catalogue names, else the large
     * model that the decision had in mind, else the one that passes requested names on.
     *
     * @param large the first large model among the decision's targets, or null when it names none
     */
    public static @Nullable BigDecimal baseline(
            Catalogue catalogue, @Nullable ModelCard large, String requested, TokenCount tokens, LocalDate day) {
        ModelCard card = baselineCard(catalogue, large);
        return card == null ? null : cost(card, requested, tokens, null, day);
    }

    private static @Nullable ModelCard baselineCard(Catalogue catalogue, @Nullable ModelCard large) {
        if (catalogue.baseline() != null) {
            return catalogue.cards().get(catalogue.baseline());
        }
        if (large != null) {
            return large;
        }
        for (ModelCard card : catalogue.cards().values()) {
            if (card.tier() == Tier.LLM
                    && card.place() instanceof ModelCard.Place.Upstream upstream
                    && upstream.model() == null) {
                return card;
            }
        }
        return null;
    }

    private static BigDecimal byTokens(Price price, TokenCount tokens) {
        BigDecimal input = orZero(price.input());
        BigDecimal cachedInput = price.cachedInput() == null ? input : price.cachedInput();
        int cached = Math.min(tokens.cached(), tokens.input());
        return input.multiply(BigDecimal.valueOf(tokens.input() - cached))
                .add(cachedInput.multiply(BigDecimal.valueOf(cached)))
                .add(orZero(price.output()).multiply(BigDecimal.valueOf(tokens.output())))
                .movePointLeft(MILLION_DIGITS);
    }

    private static BigDecimal orZero(@Nullable BigDecimal value) {
        return value == null ? BigDecimal.ZERO : value;
    }

    private static @Nullable Price priceOf(ModelCard card, String requested, LocalDate day) {
        Price best = null;
        for (Price price : card.prices()) {
            if (!price.from().isAfter(day)
                    && globHolds(price.match(), requested)
                    && (best == null || isCloser(price, best))) {
                best = price;
            }
        }
        return best;
    }

    private static boolean isCloser(Price price, Price best) {
        int more = price.match().length() - best.match().length();
        return more > 0 || (more == 0 && price.from().isAfter(best.from()));
    }

    /** Whether a glob, in which {@code *} stands for any characters, covers a name. */
    static boolean globHolds(String glob, String name) {
        int g = 0;
        int n = 0;
        int star = -1;
        int resume = 0;
        while (n < name.length()) {
            if (g < glob.length() && glob.charAt(g) == '*') {
                star = g++;
                resume = n;
            } else if (g < glob.length() && glob.charAt(g) == name.charAt(n)) {
                g++;
                n++;
            } else if (star >= 0) {
                g = star + 1;
                n = ++resume;
            } else {
                return false;
            }
        }
        while (g < glob.length() && glob.charAt(g) == '*') {
            g++;
        }
        return g == glob.length();
    }
}
