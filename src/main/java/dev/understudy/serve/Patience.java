package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Tier;
import dev.understudy.model.ModelCard;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long an exchange waits for a small model, from the question to the verdict on the answer. */
final class Patience {
    /** An engine that is well ends an answer at its limit by itself, and says what it has cost; this long it may take. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private Patience() {}

    /**
     * The longest wait: the budget that the decision sets, else little more than the model's own limit where it runs in
     * this process. Null for other models, which keep their limits themselves.
     */
    static @Nullable Long millis(Call call, Demands demands, ModelCard card) {
        if (card.tier() != Tier.SLM) {
            return null;
        }
        Duration budget = demands.budget();
        if (budget != null) {
            return budget.toMillis();
        }
        ModelCard.Limits limits = card.limits();
        Duration limit = call.stream() ? limits.streamTimeout() : limits.timeout();
        return card.isLocal() ? limit.plus(GRACE).toMillis() : null;
    }
}
