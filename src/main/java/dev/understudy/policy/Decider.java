package dev.understudy.policy;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says who shall answer a call. Pure and quick: the same values give the same decision, on any thread, without waiting
 * for anything.
 *
 * <p>The first rule that holds decides; a rule that denies has the last word. Else an open tool loop goes on with the
 * small model that owns it, by the first rule that names it, or with the large model; and a session that is latched is
 * left to the large model. Of the rule's models those that can take the call are kept in order.
 */
public final class Decider {
    private Decider() {}

    /**
     * Decides. A name that the caller may not ask for is denied as {@code model_not_found}; else the first rule that
     * holds decides, and of its models those that can take the call are kept in order. When none is left, the denial
     * is that of the last one dropped.
     *
     * @param readiness of a model of the set, by name; cheap, asked a few times
     */
    public static Decision decide(
            Call call, Caller caller, Signals signals, PolicySet set, Function<String, Readiness> readiness) {
        return decide(call, caller, signals, set, readiness, Held.NOTHING);
    }

    /**
     * Decides as above, but where the call names something that a model holds the rule's models give way to that one.
     *
     * @param held what is known of the ids that the call names
     */
    public static Decision decide(
            Call call,
            Caller caller,
            Signals signals,
            PolicySet set,
            Function<String, Readiness> readiness,
            Held held) {
        return decide(new Facts(call, caller, signals, set.catalogue(), readiness), set, held);
    }

    static Decision decide(Facts facts, PolicySet set, Held held) {
        Call call = facts.call();
        Caller caller = facts.caller();
        CaptureOrder capture = set.capture().order(facts);
        if (call.namesModel() && !facts.isUnknown(MatchKey.MODEL) && !set.mayAsk(caller, call.model())) {
            return denied(
                    set,
                    null,
                    Decision.Action.DENY,
                    Decision.Basis.NONE,
                    List.of(),
                    capture,
                    Words.noSuchModel(call.model()),
                    "the requested model is not known or not allowed for " + caller.team() + "/" + caller.app());
        }
        List<Rule> rules = set.candidates(facts);
        Draw draw = Draw.of(rules, facts);
        Rule rule = draw.rule();
        if (rule == null) {
            return denied(
                    set,
                    null,
                    Decision.Action.DENY,
                    Decision.Basis.NONE,
                    List.of(),
                    capture,
                    new Decision.Denial(403, "policy_denied", "No rule of this gateway is for this call.", null),
                    "no rule holds");
        }
        if (rule.action() instanceof Rule.Action.Deny deny) {
            String why = "rule " + rule.id() + ": " + Words.reason(rule, facts) + " is denied";
            return denied(
                    set, rule.id(), Decision.Action.DENY, Decision.Basis.RULE, List.of(), capture, deny.denial(), why);
        }
        Decision.Denial guarded = rule.guard().denial(facts);
        if (guarded != null) {
            return denied(
                    set,
                    rule.id(),
                    rule.action().kind(),
                    Decision.Basis.RULE,
                    List.of(),
                    capture,
                    guarded,
                    "rule " + rule.id() + ": a guard denies what was found in the call");
        }
        return held.isNothing()
                ? byRule(rules, draw, rule, facts, set, capture)
                : byHolder(rule, facts, set, capture, held);
    }

    private static Decision byRule(
            List<Rule> rules, Draw draw, Rule rule, Facts facts, PolicySet set, CaptureOrder capture) {
        Loop loop = facts.signals().loop();
        Rule owners = owners(rules, loop, facts);
        if (owners != null && owners.guard().denial(facts) == null) {
            Lineup lineup = Lineup.of(owners, owners.action().targets(), facts, false);
            if (lineup.first() != null) {
                boolean goesOn = lineup.first().equals(loop.model());
                String why = goesOn
                        ? "rule " + owners.id() + ": the open tool loop goes on with " + loop.model()
                        : Words.why(owners, facts, lineup);
                return decided(
                        set,
                        owners,
                        lineup,
                        goesOn ? Decision.Basis.LOCKED : basis(lineup),
                        null,
                        1,
                        null,
                        facts,
                        capture,
                        why);
            }
        }
        boolean locked = loop.isOpen();
        Lineup lineup = Lineup.of(rule, rule.action().targets(), facts, locked);
        if (lineup.first() == null) {
            return nobody(rule, facts, set, capture, lineup);
        }
        double propensity = draw.propensity(
                rules,
                facts,
                other -> Lineup.of(other, other.action().targets(), facts, locked)
                        .first());
        return decided(
                set,
                rule,
                lineup,
                basis(lineup),
                draw.bucket(),
                propensity,
                Lineup.mirror(rule, facts),
                facts,
                capture,
                Words.why(rule, facts, lineup));
    }

    /**
     * The first rule that lets the owner of an open loop go on, whatever its share; null when a large model owns it, or
     * a broken tool must be mended, or no rule does.
     */
    private static @Nullable Rule owners(List<Rule> rules, Loop loop, Facts facts) {
        if (loop.model() == null || facts.signals().phase() == Phase.ERROR_REPAIR) {
            return null;
        }
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            if (loop.model().equals(rule.action().small()) && rule.match().miss(facts) == null) {
                return rule;
            }
        }
        return null;
    }

    private static Decision byHolder(Rule rule, Facts facts, PolicySet set, CaptureOrder capture, Held held) {
        ModelCard owner = held.owner() == null ? null : set.catalogue().cards().get(held.owner());
        Decision.Denial refusal = held.conflict() != null ? held.conflict() : owner == null ? held.lost() : null;
        if (refusal != null) {
            String why = "rule " + rule.id() + ": the call names what no one model holds";
            return denied(set, rule.id(), rule.action().kind(), Decision.Basis.RULE, List.of(), capture, refusal, why);
        }
        List<String> names = owner == null ? rule.action().targets() : List.of(owner.name());
        Lineup lineup = Lineup.of(rule, names, facts, facts.signals().loop().isOpen());
        if (lineup.first() == null) {
            return nobody(rule, facts, set, capture, lineup);
        }
        if (held.unknown() != null && !isForwarding(set, lineup.first())) {
            // Under the caller's own key an id may be one that it had before it came here; under ours there is none
            // such.
            String why = "rule " + rule.id() + ": the call names what nobody here holds";
            return denied(
                    set,
                    rule.id(),
                    rule.action().kind(),
                    basis(lineup),
                    lineup.dropped(),
                    capture,
                    held.unknown(),
                    why);
        }
        return decided(
                set,
                rule,
                held.unknown() == null ? lineup : lineup.firstAlone(),
                owner == null ? basis(lineup) : Decision.Basis.HELD_ID,
                null,
                1,
                null,
                facts,
                capture,
                owner == null
                        ? Words.why(rule, facts, lineup)
                        : "the call names what " + owner.name() + " holds, which rule " + rule.id() + " allows");
    }

    private static boolean isForwarding(PolicySet set, String model) {
        ModelCard card = set.catalogue().cards().get(model);
        return card != null && Lineup.forwardsTo(card) != null;
    }

    private static Decision.Basis basis(Lineup lineup) {
        if (lineup.hasDropped(Unfit.TIER_FORCED)) {
            return Decision.Basis.FORCED;
        }
        if (lineup.hasDropped(Unfit.LATCHED)) {
            return Decision.Basis.LATCHED;
        }
        return lineup.hasDropped(Unfit.LOCKED) ? Decision.Basis.LOCKED : Decision.Basis.RULE;
    }

    private static Decision decided(
            PolicySet set,
            Rule rule,
            Lineup lineup,
            Decision.Basis basis,
            @Nullable Integer bucket,
            double propensity,
            Decision.@Nullable Mirror mirror,
            Facts facts,
            CaptureOrder capture,
            String why) {
        return new Decision(
                set.revision(),
                rule.id(),
                rule.action().kind(),
                lineup.targets(),
                lineup.dropped(),
                basis,
                bucket,
                propensity,
                mirror,
                demands(rule, lineup, facts),
                capture,
                null,
                why);
    }

    /** What is asked of a small model's answer is asked only where one answers. */
    private static Demands demands(Rule rule, Lineup lineup, Facts facts) {
        Rule.Action action = rule.action();
        boolean small = action.small() != null && action.small().equals(lineup.first());
        Guard guard = rule.guard();
        if (!small && guard.isNothing()) {
            return Demands.NONE;
        }
        return new Demands(
                small ? action.budget() : null, small ? action.minMargin() : null, guard.output(), guard.checks(facts));
    }

    private static Decision nobody(Rule rule, Facts facts, PolicySet set, CaptureOrder capture, Lineup lineup) {
        Eligibility.Drop last = lineup.last();
        if (last == null) {
            throw new IllegalStateException("rule " + rule.id() + " has no target and no reason");
        }
        String why = "rule " + rule.id() + ": " + Words.reason(rule, facts) + " has nobody to answer it, since "
                + Words.text(lineup.dropped());
        return denied(
                set,
                rule.id(),
                rule.action().kind(),
                basis(lineup),
                lineup.dropped(),
                capture,
                Words.denial(last, lineup.lastModel()),
                why);
    }

    private static Decision denied(
            PolicySet set,
            @Nullable String rule,
            Decision.Action action,
            Decision.Basis basis,
            List<Decision.Dropped> dropped,
            CaptureOrder capture,
            Decision.Denial denial,
            String why) {
        return new Decision(
                set.revision(),
                rule,
                action,
                List.of(),
                dropped,
                basis,
                null,
                1.0,
                null,
                Demands.NONE,
                capture,
                denial,
                why);
    }
}
