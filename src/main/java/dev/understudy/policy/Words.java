package dev.understudy.policy;

import dev.understudy.call.Decision;
import java.util.List;

/** The words of a decision: why, for people, and what a caller is told. Never content. */
final class Words {
    private Words() {}

    /** The same words for a name that is unknown and one that is not allowed, so that nobody learns which. */
    static Decision.Denial noSuchModel(String model) {
        return new Decision.Denial(
                404,
                "model_not_found",
                "The model `" + shown(model) + "` does not exist or you do not have access to it.",
                "model");
    }

    /** What is answered when nobody is left, by the last that was dropped. */
    static Decision.Denial denial(Eligibility.Drop drop, String model) {
        String message = switch (drop.unfit()) {
            case SLM_OFF, TIER_FORCED, GUARD, LATCHED, LOCKED, RESTRICTED ->
                "No model may answer this call: " + drop.detail() + ".";
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

    /** Why a rule's first target is asked. */
    static String why(Rule rule, Facts facts, Lineup lineup) {
        String start = "rule " + rule.id() + ": " + reason(rule, facts) + " goes to " + lineup.first();
        return lineup.dropped().isEmpty() ? start : start + ", since " + text(lineup.dropped());
    }

    /** What the rule saw in the call, by its most telling condition. */
    static String reason(Rule rule, Facts facts) {
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

    /** Each model that was passed over, and why. */
    static String text(List<Decision.Dropped> dropped) {
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
