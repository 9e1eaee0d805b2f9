package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Tier;
import dev.understudy.call.ToolChoice;

/** How much of an answer is held back until it may leave. */
enum Hold {
    /** Frames before the first content. */
    LEADING,
    /** The first 32 tokens. */
    BEGINNING,
    /** All of it, until the ladder has passed. */
    WHOLE;

    /** How much of an answer to a call is held, by the tier of who gives it. What must not be sent is looked for before. */
    static Hold of(Call call, Ruling ruling, Tier tier) {
        if (!call.stream()) {
            return WHOLE;
        }
        return switch (tier) {
            case LLM, NONE -> ruling.decision().demands().outputSecrets() == Demands.Secrets.DENY ? WHOLE : LEADING;
            case SLM ->
                ruling.decision().action() == Decision.Action.CASCADE
                                || asksForAll(ruling.decision().demands())
                                || !isPlainText(call, ruling.signals().kind())
                        ? WHOLE
                        : BEGINNING;
        };
    }

    /** What is asked of a whole answer cannot be told by its beginning. */
    private static boolean asksForAll(Demands demands) {
        return demands.minMargin() != null
                || demands.outputSecrets() == Demands.Secrets.DENY
                || !demands.checks().isEmpty();
    }

    private static boolean isPlainText(Call call, Kind kind) {
        boolean mayCall = !call.tools().isEmpty() && !(call.toolChoice() instanceof ToolChoice.None);
        return !mayCall
                && call.responseFormat().type() == ResponseFormat.Type.TEXT
                && kind != Kind.CLASSIFY
                && kind != Kind.EXTRACT;
    }
}
