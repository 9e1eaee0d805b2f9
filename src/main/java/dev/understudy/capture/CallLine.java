package dev.understudy.capture;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Signals;
import dev.understudy.call.TokenCount;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One call as the page lists it; no content. Closed sets are given by their wire names.
 *
 * @param ts when it came
 * @param model as requested
 * @param tier {@code slm}, {@code llm} or {@code none}: who answered
 * @param servedModel the model that answered, or null
 * @param site call site, or null
 * @param task the errand's name, or null
 * @param why one sentence on who answered and why
 * @param outcome {@code completed}, {@code client_gone}, {@code failed} or {@code denied}
 * @param error code of the error that the caller got, or null
 * @param inputTokens of all tries
 * @param outputTokens of all tries
 * @param cost in the catalogue's currency; null when unpriced
 * @param baseline what the baseline model would have cost; null when unpriced
 * @param ttftMicros until content first left, or null
 * @param latencyMicros until the exchange was over
 */
public record CallLine(
        UUID id,
        Instant ts,
        String team,
        String app,
        String model,
        String tier,
        @Nullable String servedModel,
        @Nullable String site,
        @Nullable String task,
        @Nullable String kind,
        @Nullable String phase,
        @Nullable String rule,
        String why,
        @Nullable String route,
        String outcome,
        int status,
        @Nullable String error,
        boolean stream,
        int inputTokens,
        int cachedTokens,
        int outputTokens,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal baseline,
        @Nullable Long ttftMicros,
        long latencyMicros) {

    /** The line of a call. */
    public static CallLine of(Interaction interaction) {
        Signals signals = interaction.signals();
        Decision decision = interaction.decision();
        Attempt served = Served.of(interaction);
        TokenCount tokens = Served.tokens(interaction);
        return new CallLine(
                interaction.call().id(),
                interaction.call().receivedAt(),
                interaction.caller().team(),
                interaction.caller().app(),
                interaction.call().model(),
                Served.tier(interaction).wire(),
                served == null ? null : served.model(),
                signals == null ? null : signals.site(),
                signals == null ? null : signals.task(),
                signals == null ? null : signals.kind().wire(),
                signals == null ? null : signals.phase().wire(),
                decision == null ? null : decision.rule(),
                decision == null ? "refused before a rule was asked" : decision.why(),
                interaction.route() == null ? null : interaction.route().wire(),
                interaction.outcome().wire(),
                interaction.status(),
                interaction.error(),
                interaction.call().stream(),
                tokens.input(),
                tokens.cached(),
                tokens.output(),
                interaction.cost(),
                interaction.baseline(),
                interaction.firstContentMicros(),
                interaction.endMicros());
    }
}
