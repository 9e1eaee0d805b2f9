package dev.understudy.policy;

import dev.understudy.call.Decision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One rule, ready to be asked.
 *
 * @param id full: {@code policy/rule}
 */
record Rule(String id, Match match, Action action) {
    /** What a rule does when it holds. */
    sealed interface Action {
        /** The name of the action in rows. */
        Decision.Action kind();

        /** The models that it names, in order. */
        List<String> targets();

        /**
         * A small model answers.
         *
         * @param onFailure the large model that answers when it cannot; null: nobody
         */
        record Slm(String model, @Nullable String onFailure) implements Action {
            @Override
            public Decision.Action kind() {
                return Decision.Action.SLM;
            }

            @Override
            public List<String> targets() {
                return onFailure == null ? List.of(model) : List.of(model, onFailure);
            }
        }

        /** Large models answer: the first of these that can. */
        record Llm(List<String> targets) implements Action {
            public Llm {
                targets = List.copyOf(targets);
            }

            @Override
            public Decision.Action kind() {
                return Decision.Action.LLM;
            }
        }

        /** Nobody answers. */
        record Deny(Decision.Denial denial) implements Action {
            @Override
            public Decision.Action kind() {
                return Decision.Action.DENY;
            }

            @Override
            public List<String> targets() {
                return List.of();
            }
        }
    }
}
