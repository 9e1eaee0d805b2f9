package dev.understudy.call;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a decision asks of an answer beyond what every answer must be.
 *
 * @param budget time of a small model from submit to verdict, after which the next target is asked; null: the model's
 *     own limits
 * @param minMargin least margin that a small model's answer must have; null: none is asked
 * @param outputSecrets what a secret in an answer means
 * @param checks that an answer must pass
 */
public record Demands(
        @Nullable Duration budget, @Nullable Double minMargin, Secrets outputSecrets, List<Check> checks) {
    /** Nothing beyond the usual. */
    public static final Demands NONE = new Demands(null, null, Secrets.OFF, List.of());

    public Demands {
        checks = List.copyOf(checks);
        if (budget != null && !budget.isPositive()) {
            throw new IllegalArgumentException("the budget must be positive, got " + budget);
        }
    }

    /** What is done about a secret. */
    public enum Secrets {
        /** Not looked for. */
        OFF,
        /** Written down, afterwards. */
        NOTE,
        /** The answer is not sent. */
        DENY
    }

    /** One condition on an answer; pure, safe on every thread. */
    public interface Check {
        /** Where it is written, as {@code everyone/guard.output.cel[0]}. */
        String place();

        /** Whether it holds; a condition that cannot be evaluated does not. */
        boolean holds(AnswerFacts answer);
    }
}
