package dev.understudy.serve;

import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFactory;
import dev.understudy.model.Readiness;
import dev.understudy.policy.PolicySet;
import dev.understudy.policy.PolicyStore;
import dev.understudy.telemetry.Keys;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The live models of the policy set in force. A new set keeps the models whose cards did not change. */
@ApplicationScoped
public class ModelDirectory implements LiveModels.Maker {
    private static final Logger LOG = Logger.getLogger(ModelDirectory.class);
    /** Before the door opens. */
    private static final int EARLY = 100;

    private final PolicyStore policies;
    private final List<ModelFactory> factories;
    private volatile @Nullable Current current;

    @Inject
    ModelDirectory(PolicyStore policies, @All List<ModelFactory> factories) {
        this.policies = policies;
        this.factories = List.copyOf(factories);
    }

    void start(@Observes @Priority(EARLY) StartupEvent event) {
        policies.onActivate(this::activate);
    }

    /** Whether the model of that name can be asked; unavailable when the set in force has none. */
    public Readiness readiness(String name) {
        Current now = current;
        Model model = now == null ? null : now.models().model(name);
        return model == null ? Readiness.unavailable("no such model") : model.readiness();
    }

    /** What tells the model of this name from another; empty when there is no such model. */
    public Map<String, String> facts(String name) {
        Current now = current;
        Model model = now == null ? null : now.models().model(name);
        return model == null ? Map.of() : model.facts();
    }

    /** All models of the set in force, in the order of the files, each with its readiness. */
    public Map<String, Readiness> readiness() {
        Map<String, Readiness> all = new LinkedHashMap<>();
        Current now = current;
        if (now != null) {
            now.models().catalogue().cards().forEach((name, card) -> all.put(name, readiness(name)));
        }
        return all;
    }

    /**
     * The set in force and its models, held for the caller, who releases them once.
     *
     * @throws IllegalStateException before the first set is there
     */
    Current hold() {
        while (true) {
            Current now = current;
            if (now == null) {
                throw new IllegalStateException("no policy set is in force yet");
            }
            if (now.models().hold()) {
                return now;
            }
        }
    }

    private synchronized void activate(PolicySet set) {
        Current before = current;
        LiveModels models = LiveModels.of(set.catalogue(), before == null ? null : before.models(), this);
        current = new Current(set, models);
        if (before != null) {
            before.models().release();
        }
    }

    @Override
    public boolean isSame(Model live, Catalogue before, Catalogue now) {
        ModelCard card = live.card();
        if (!card.equals(now.cards().get(card.name())) || !live.isCurrent()) {
            return false;
        }
        return !(card.place() instanceof ModelCard.Place.Adapter adapter)
                || (before.cards().containsKey(adapter.base())
                        && before.cards().get(adapter.base()).equals(now.cards().get(adapter.base())));
    }

    @Override
    public @Nullable Model make(String name, Catalogue catalogue) {
        ModelCard card = catalogue.cards().get(name);
        if (card == null) {
            return null;
        }
        for (ModelFactory factory : factories) {
            if (factory.makes(card)) {
                return factory.make(card, catalogue);
            }
        }
        LOG.warnf("model not made %s=%s %s=nothing here runs such models", Keys.MODEL, name, Keys.REASON);
        return null;
    }

    /** One policy set and its models, which belong together. */
    record Current(PolicySet set, LiveModels models) {}
}
