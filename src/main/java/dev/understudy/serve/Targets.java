package dev.understudy.serve;

import dev.understudy.call.Decision;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The targets of one decision in their order. A caller's own key is shown to one base URL
 * only, and restricted contents to nobody outside.
 */
final class Targets {
    /** One target that may be asked, and the key that goes with the question, or null. */
    record Next(
            Decision.Target target, Model model, @Nullable Secret key) {}

    private final List<Decision.Target> targets;
    private final List<Decision.Dropped> dropped;
    private final LiveModels models;
    private final @Nullable Secret providerKey;
    private final boolean restricted;
    private int next;
    private @Nullable URI forwardedTo;

    Targets(Ruling ruling, @Nullable Secret providerKey) {
        this.targets = ruling.decision().targets();
        this.dropped = ruling.decision().dropped();
        this.models = ruling.models();
        this.restricted = ruling.signals().sensitivity() == Sensitivity.RESTRICTED;
        this.providerKey = providerKey;
    }

    /** The next that may be asked, or null when nobody is left. */
    @Nullable
    Next next() {
        while (next < targets.size()) {
            Decision.Target target = targets.get(next++);
            Model model = models.model(target.model());
            if (model != null && maySee(model.card()) && mayHaveKey(model.card())) {
                return new Next(target, model, forwardTo(model.card()) == null ? null : providerKey);
            }
        }
        return null;
    }

    /** Whether the next one has room for more tokens than the one that failed. */
    boolean isNextLarger(ModelCard failed) {
        if (next >= targets.size() || failed.contextTokens() == null) {
            return false;
        }
        Model following = models.model(targets.get(next).model());
        return following != null
                && (following.card().contextTokens() == null
                        || following.card().contextTokens() > failed.contextTokens());
    }

    /** How long the models that were left out since they fail will be left alone; 0 when none were. */
    int waitSeconds() {
        int most = 0;
        for (Decision.Dropped one : dropped) {
            Model model = models.model(one.model());
            if (model != null) {
                most = Math.max(most, model.readiness().waitSeconds());
            }
        }
        return most;
    }

    /** Restricted contents stay here, whatever was decided. */
    private boolean maySee(ModelCard card) {
        return !restricted || card.staysInside();
    }

    private boolean mayHaveKey(ModelCard card) {
        URI to = forwardTo(card);
        if (to == null || providerKey == null) {
            return true;
        }
        if (forwardedTo == null) {
            forwardedTo = to;
        }
        return forwardedTo.equals(to);
    }

    /** Where that model sends the caller's own key; null when it sends none. */
    static @Nullable URI forwardTo(ModelCard card) {
        return card.place() instanceof ModelCard.Place.Upstream upstream
                        && upstream.credential() instanceof ModelCard.Credential.Forward
                ? upstream.baseUrl()
                : null;
    }
}
