package dev.understudy.policy;

import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.Program;
import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Demands;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** One condition in CEL, compiled. Safe on every thread; what it may cost is bounded when it is compiled. */
final class Expression {
    /** Longer texts are not searched: a pattern over them would hold up an event loop. */
    private static final int LONGEST_ANSWER = 32 * 1024;

    private final Program program;
    private final LongAdder failures;

    Expression(Program program, LongAdder failures) {
        this.program = program;
        this.failures = failures;
    }

    /** Whether it holds for a call; unknown, and counted, when it cannot be evaluated. */
    Truth test(Facts facts) {
        return test(facts, null);
    }

    private Truth test(Facts facts, @Nullable AnswerFacts answer) {
        try {
            Object value = program.eval(new ExpressionVariables(facts, answer));
            if (value instanceof Boolean holds) {
                return Truth.of(holds);
            }
        } catch (CelEvaluationException e) {
            // counted below: a call's own values may make a sound expression fail, as a key that a map lacks does
        }
        failures.increment();
        return Truth.UNKNOWN;
    }

    /**
     * This condition, asked of an answer to that call.
     *
     * @param place where it is written
     */
    Demands.Check check(String place, Facts facts) {
        return new OfAnswer(place, this, facts);
    }

    private record OfAnswer(String place, Expression expression, Facts facts) implements Demands.Check {
        @Override
        public boolean holds(AnswerFacts answer) {
            if (answer.text().length() > LONGEST_ANSWER) {
                expression.failures.increment();
                return false;
            }
            return expression.test(facts, answer) == Truth.YES;
        }

        /** Where it is written; nothing of the call. */
        @Override
        public String toString() {
            return place;
        }
    }
}
