package dev.understudy.policy;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Tier;
import dev.understudy.model.ModelCard;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Those of a rule's models that can take a call, in order, and why the others cannot.
 *
 * @param last the reason of the last one dropped; null when none was
 * @param lastModel its name; empty when none was
 */
record Lineup(
        List<Decision.Target> targets,
        List<Decision.Dropped> dropped,
        Eligibility.@Nullable Drop last,
        String lastModel) {
    /** The name of the model that is asked first; null when nobody is left. */
    @Nullable
    String first() {
        return targets.isEmpty() ? null : targets.getFirst().model();
    }

    /** The same without all targets but the first. */
    Lineup firstAlone() {
        return new Lineup(targets.subList(0, 1), dropped, last, lastModel);
    }

    /** Whether some model was dropped for that reason. */
    boolean hasDropped(Unfit unfit) {
        for (int i = 0; i < dropped.size(); i++) {
            if (dropped.get(i).code().equals(unfit.code())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Looks at the models of a rule.
     *
     * @param names in the order in which they are asked
     * @param locked whether the tool loop that goes on belongs to a large model
     */
    static Lineup of(Rule rule, List<String> names, Facts facts, boolean locked) {
        List<Decision.Target> targets = new ArrayList<>(names.size());
        List<Decision.Dropped> dropped = List.of();
        Eligibility.Drop last = null;
        String lastModel = "";
        URI forwardedTo = null;
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            ModelCard card = card(rule, name, facts);
            URI forwards = forwardsTo(card);
            Eligibility.Drop drop = drop(rule, card, facts, locked);
            if (drop == null && forwards != null && forwardedTo != null && !forwards.equals(forwardedTo)) {
                drop = new Eligibility.Drop(Unfit.UNAVAILABLE, "the caller's own key goes to one address only", null);
            }
            if (drop == null) {
                forwardedTo = forwards == null ? forwardedTo : forwards;
                targets.add(new Decision.Target(
                        name,
                        targets.isEmpty() ? Attempt.Role.SERVE : rule.action().next()));
            } else {
                last = drop;
                lastModel = name;
                dropped = dropped.isEmpty() ? new ArrayList<>(names.size()) : dropped;
                dropped.add(new Decision.Dropped(name, drop.unfit().code(), drop.detail()));
            }
        }
        return new Lineup(targets, dropped, last, lastModel);
    }

    private static Eligibility.@Nullable Drop drop(Rule rule, ModelCard card, Facts facts, boolean locked) {
        if (card.tier() == Tier.SLM) {
            Eligibility.Drop kept = Eligibility.keptOut(facts);
            if (kept != null) {
                return kept;
            }
            if (rule.guard().reaction(facts) == Guard.Reaction.LLM) {
                return new Eligibility.Drop(Unfit.GUARD, "a guard keeps such contents from small models", null);
            }
            if (rule.action().hasLarge() && facts.signals().latched()) {
                return new Eligibility.Drop(Unfit.LATCHED, "the session is left to the large model for a while", null);
            }
            if (rule.action().hasLarge() && locked) {
                return new Eligibility.Drop(Unfit.LOCKED, "the open tool loop goes on with the large model", null);
            }
        }
        return Eligibility.drop(facts, card);
    }

    /**
     * Who answers beside, as the rule says; null: nobody. No mirror runs under a caller's own key, nor where its model
     * could not take the call itself.
     */
    static Decision.@Nullable Mirror mirror(Rule rule, Facts facts) {
        if (!(rule.action() instanceof Rule.Action.Shadow shadow)
                || shadow.sample() <= 0
                || !Rollout.mirrors(rule.salt(), facts.signals(), shadow.sample())) {
            return null;
        }
        ModelCard card = card(rule, shadow.mirror(), facts);
        boolean fit = forwardsTo(card) == null
                && (card.tier() == Tier.LLM
                        || (Eligibility.keptOut(facts) == null && rule.guard().reaction(facts) != Guard.Reaction.LLM))
                && Eligibility.drop(facts, card) == null;
        return fit
                ? new Decision.Mirror(card.name(), Decision.Mirror.Reason.RULE, shadow.sample(), shadow.maxInflight())
                : null;
    }

    private static ModelCard card(Rule rule, String name, Facts facts) {
        ModelCard card = facts.catalogue().cards().get(name);
        if (card == null) {
            throw new IllegalStateException("rule " + rule.id() + " names no model of the catalogue: " + name);
        }
        return card;
    }

    /** Where that model sends the caller's own key; null when it sends none. */
    static @Nullable URI forwardsTo(ModelCard card) {
        return card.place() instanceof ModelCard.Place.Upstream upstream
                        && upstream.credential() instanceof ModelCard.Credential.Forward
                ? upstream.baseUrl()
                : null;
    }
}
