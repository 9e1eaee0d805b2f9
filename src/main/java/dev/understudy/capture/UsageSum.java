package dev.understudy.capture;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.call.TokenCount;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is left of calls that get no row: a line of {@code usage_delta}. Sums are added up per {@link Key}; priced and
 * unpriced calls never share one.
 *
 * @param first when the first of them came
 */
record UsageSum(
        Key key,
        Instant first,
        int calls,
        int errors,
        int denied,
        int unpriced,
        long inputTokens,
        long cachedTokens,
        long outputTokens,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal baseline) {

    /** Why there is no row. */
    enum Why {
        NONE("none"),
        SHED("shed"),
        QUARANTINED("quarantined"),
        EXPIRED("expired");

        private final String wire;

        Why(String wire) {
            this.wire = wire;
        }

        String wire() {
            return wire;
        }
    }

    /** What calls of one sum have in common. */
    record Key(
            Instant hour, Why why, String team, String app, String model, String tier, boolean priced, boolean based) {}

    /** The sum of one call. */
    static UsageSum of(Interaction call, Why why) {
        Attempt served = Served.of(call);
        TokenCount tokens = Served.tokens(call);
        boolean denied = call.outcome() == Interaction.Outcome.DENIED;
        BigDecimal cost = call.cost();
        Key key = new Key(
                call.call().receivedAt().truncatedTo(ChronoUnit.HOURS),
                why,
                call.caller().team(),
                call.caller().app(),
                served == null ? "-" : served.model(),
                Served.tier(call).wire(),
                cost != null,
                call.baseline() != null);
        return new UsageSum(
                key,
                call.call().receivedAt(),
                1,
                call.outcome() == Interaction.Outcome.FAILED ? 1 : 0,
                denied ? 1 : 0,
                cost == null && !denied ? 1 : 0,
                tokens.input(),
                tokens.cached(),
                tokens.output(),
                cost,
                call.baseline());
    }

    /** Both together; they have the same key. */
    UsageSum plus(UsageSum other) {
        return new UsageSum(
                key,
                first.isBefore(other.first) ? first : other.first,
                calls + other.calls,
                errors + other.errors,
                denied + other.denied,
                unpriced + other.unpriced,
                inputTokens + other.inputTokens,
                cachedTokens + other.cachedTokens,
                outputTokens + other.outputTokens,
                sum(cost, other.cost),
                sum(baseline, other.baseline));
    }

    private static @Nullable BigDecimal sum(@Nullable BigDecimal one, @Nullable BigDecimal other) {
        return one == null ? other : other == null ? one : one.add(other);
    }
}
