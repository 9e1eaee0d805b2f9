package dev.understudy.policy;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Signals;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says who shall answer a call. Pure and quick: the same values give the same decision, on any thread, without waiting
 * for anything.
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
        Facts facts = new Facts(call, caller, signals, set.catalogue(), readiness);
        CaptureOrder capture = set.capture().order(facts);
        if (call.namesModel() && !set.mayAsk(caller, call.model())) {
            return denied(
                    set,
                    null,
                    Decision.Action.DENY,
                    List.of(),
                    capture,
                    noSuchModel(call.model()),
                    "the requested model is not known or not allowed for " + caller.team() + "/" + caller.app());
        }
        List<Rule> rules = set.rulesFor(caller);
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            if (rule.match().miss(facts) == null) {
                return byRule(rule, facts, set, capture, held);
            }
        }
        return denied(
                set,
                null,
                Decision.Action.DENY,
                List.of(),
                capture,
                new Decision.Denial(403, "policy_denied", "No rule of this gateway is for this call.", null),
                "no rule holds");
    }

    /** The same words for a name that is unknown and one that is not allowed, so that nobody learns which. */
    private static Decision.Denial noSuchModel(String model) {
        return new Decision.Denial(
                404,
                "model_not_found",
                "The model `" + shown(model) + "` does not exist or you do not have access to it.",
                "model");
    }

    private static Decision byRule(Rule rule, Facts facts, PolicySet set, CaptureOrder capture, Held held) {
        if (rule.action() instanceof Rule.Action.Deny deny) {
            String why = "rule " + rule.id() + ": " + reason(rule, facts) + " is denied";
            return denied(set, rule.id(), Decision.Action.DENY, List.of(), capture, deny.denial(), why);
        }
        ModelCard owner = held.owner() == null ? null : set.catalogue().cards().get(held.owner());
        Decision.Denial refusal = held.conflict() != null ? held.conflict() : owner == null ? held.lost() : null;
        if (refusal != null) {
            String why = "rule " + rule.id() + ": the call names what no one model holds";
            return denied(set, rule.id(), rule.action().kind(), List.of(), capture, refusal, why);
        }
        List<String> names = owner == null ? rule.action().targets() : List.of(owner.name());
        List<Decision.Target> targets = new ArrayList<>(names.size());
        List<Decision.Dropped> dropped = List.of();
        Eligibility.Drop last = null;
        String lastModel = "";
        URI forwardedTo = null;
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            ModelCard card = set.catalogue().cards().get(name);
            if (card == null) {
                throw new IllegalStateException("rule " + rule.id() + " names no model of the catalogue: " + name);
            }
            URI forwards = forwardsTo(card);
            Eligibility.Drop drop = Eligibility.drop(facts, card);
            if (drop == null && forwards != null && forwardedTo != null && !forwards.equals(forwardedTo)) {
                drop = new Eligibility.Drop(Unfit.UNAVAILABLE, "the caller's own key goes to one address only", null);
            }
            if (drop == null) {
                forwardedTo = forwards == null ? forwardedTo : forwards;
                targets.add(new Decision.Target(name, role(targets)));
            } else {
                last = drop;
                lastModel = name;
                dropped = dropped.isEmpty() ? new ArrayList<>(names.size()) : dropped;
                dropped.add(new Decision.Dropped(name, drop.unfit().code(), drop.detail()));
            }
        }
        if (last != null && targets.isEmpty()) {
            String why = "rule " + rule.id() + ": " + reason(rule, facts) + " has nobody to answer it, since "
                    + text(dropped);
            return denied(set, rule.id(), rule.action().kind(), dropped, capture, denial(last, lastModel), why);
        }
        if (held.unknown() != null && !isForwarding(set, targets.getFirst())) {
            // Under the caller's own key an id may be one that it had before it came here; under ours there is none
            // such.
            String why = "rule " + rule.id() + ": the call names what nobody here holds";
            return denied(set, rule.id(), rule.action().kind(), dropped, capture, held.unknown(), why);
        }
        return new Decision(
                set.revision(),
                rule.id(),
                rule.action().kind(),
                held.unknown() == null ? targets : List.of(targets.getFirst()),
                dropped,
                owner != null
                        ? Decision.Basis.HELD_ID
                        : isForced(dropped) ? Decision.Basis.FORCED : Decision.Basis.RULE,
                null,
                1.0,
                null,
                Demands.NONE,
                capture,
                null,
                owner == null
                        ? why(rule, facts, targets, dropped)
                        : "the call names what " + owner.name() + " holds, which rule " + rule.id() + " allows");
    }

    private static Attempt.Role role(List<Decision.Target> before) {
        return before.isEmpty() ? Attempt.Role.SERVE : Attempt.Role.FALLBACK;
    }

    private static boolean isForwarding(PolicySet set, Decision.Target target) {
        ModelCard card = set.catalogue().cards().get(target.model());
        return card != null && forwardsTo(card) != null;
    }

    private static @Nullable URI forwardsTo(ModelCard card) {
        return card.place() instanceof ModelCard.Place.Upstream upstream
                        && upstream.credential() instanceof ModelCard.Credential.Forward
                ? upstream.baseUrl()
                : null;
    }

    private static boolean isForced(List<Decision.Dropped> dropped) {
        for (int i = 0; i < dropped.size(); i++) {
            if (dropped.get(i).code().equals(Unfit.TIER_FORCED.code())) {
                return true;
            }
        }
        return false;
    }

    private static Decision.Denial denial(Eligibility.Drop drop, String model) {
        String message = switch (drop.unfit()) {
            case TIER_FORCED, RESTRICTED -> "No model may answer this call: " + drop.detail() + ".";
            case API, MODALITY, PARAMETER, HOSTED, TOOLS, SCHEMA ->
                "The model `" + model + "` cannot answer this call" + field(drop) + ": " + drop.detail() + ".";
            case CONTEXT -> "The call does not fit the model `" + model + "`: " + drop.detail() + ".";
            case UNAVAILABLE ->
                "The model `" + model + "` cannot be used at the moment; who runs this gateway finds the"
                        + " reason on its page and in its log.";
            case FAILING ->
                "The model `" + model + "` has failed too often of late and is left alone for a moment."
                        + " Please try again.";
            case BUSY -> "The model `" + model + "` is still loading. Please try again.";
        };
        return new Decision.Denial(drop.unfit().status(), drop.unfit().error(), message, drop.param());
    }

    private static String field(Eligibility.Drop drop) {
        return drop.param() == null ? "" : " (`" + shown(drop.param()) + "`)";
    }

    private static Decision denied(
            PolicySet set,
            @Nullable String rule,
            Decision.Action action,
            List<Decision.Dropped> dropped,
            CaptureOrder capture,
            Decision.Denial denial,
            String why) {
        Decision.Basis basis =
                isForced(dropped) ? Decision.Basis.FORCED : rule == null ? Decision.Basis.NONE : Decision.Basis.RULE;
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

    private static String why(Rule rule, Facts facts, List<Decision.Target> targets, List<Decision.Dropped> dropped) {
        String start = "rule " + rule.id() + ": " + reason(rule, facts) + " goes to "
                + targets.getFirst().model();
        return dropped.isEmpty() ? start : start + ", since " + text(dropped);
    }

    /** What the rule saw in the call, by its most telling condition. */
    private static String reason(Rule rule, Facts facts) {
        List<Condition> all = rule.match().all();
        Condition telling = null;
        for (int i = 0; i < all.size(); i++) {
            Condition condition = all.get(i);
            if (telling == null || rank(condition.key()) < rank(telling.key())) {
                telling = condition;
            }
        }
        return telling == null ? "every other call" : words(telling, facts);
    }

    private static int rank(MatchKey key) {
        return switch (key) {
            case TASK -> 0;
            case UNAVAILABLE -> 1;
            case SENSITIVITY -> 2;
            case KIND -> 3;
            case MODEL -> 4;
            case PHASE, TOOLS, TOOL_CHOICE, RESPONSE_FORMAT, TOKENS, MAX_TOKENS, TURNS, STREAM, IMAGES -> 5;
            case API, TAGS, KEYS, CONSENT -> 6;
            case APPS -> 7;
            case TEAMS -> 8;
        };
    }

    private static String words(Condition condition, Facts facts) {
        return switch (condition.key()) {
            case TASK -> "task " + facts.signals().task();
            case UNAVAILABLE ->
                "a call without a usable "
                        + (condition instanceof Condition.Unavailable lacking ? lacking.shown() : "model");
            case SENSITIVITY -> facts.signals().sensitivity().wire() + " contents";
            case KIND -> "kind " + facts.signals().kind().wire();
            case MODEL -> "model " + shown(facts.call().model());
            case PHASE -> "phase " + facts.signals().phase().wire();
            case TOOLS, TOOL_CHOICE, RESPONSE_FORMAT, TOKENS, MAX_TOKENS, TURNS, STREAM, IMAGES ->
                "a call with such " + condition.key().wire();
            case API -> "api " + facts.call().api().wire();
            case TAGS, KEYS, CONSENT -> "a caller with such " + condition.key().wire();
            case APPS -> "app " + facts.caller().app();
            case TEAMS -> "team " + facts.caller().team();
        };
    }

    private static String text(List<Decision.Dropped> dropped) {
        StringBuilder text = new StringBuilder();
        for (Decision.Dropped drop : dropped) {
            text.append(text.isEmpty() ? "" : "; ")
                    .append(drop.model())
                    .append(" was dropped (")
                    .append(drop.code())
                    .append(": ")
                    .append(drop.detail())
                    .append(')');
        }
        return text.toString();
    }

    /** A caller's word in a message: at most 128 characters, no controls. */
    static String shown(String word) {
        String cut = word.length() > 128 ? word.substring(0, 128) : word;
        StringBuilder clean = null;
        for (int i = 0; i < cut.length(); i++) {
            if (Character.isISOControl(cut.charAt(i))) {
                clean = clean == null ? new StringBuilder(cut) : clean;
                clean.setCharAt(i, '\uFFFD');
            }
        }
        return clean == null ? cut : clean.toString();
    }
}
