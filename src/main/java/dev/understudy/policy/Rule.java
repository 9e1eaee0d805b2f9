package dev.understudy.policy;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One rule, ready to be asked.
 *
 * @param id full: {@code policy/rule}
 * @param rollout for which share of its calls it holds; null: for all
 * @param guard its own; in the rules of a caller that of every policy for that caller too
 */
record Rule(String id, Match match, Action action, @Nullable Rollout rollout, Guard guard) {
    /** The same under a policy's guard. */
    Rule under(Guard policies) {
        return policies.isNothing() ? this : new Rule(id, match, action, rollout, policies.and(guard));
    }

    /** Whether it holds for every call that it is for. */
    boolean isWhole() {
        return rollout == null || rollout.isWhole();
    }

    /** The salt under which its mirrors are drawn. */
    String salt() {
        return rollout == null ? id : rollout.salt();
    }

    /** What a rule does when it holds. */
    sealed interface Action {
        /** The name of the action in rows. */
        Decision.Action kind();

        /** The models that answer, in order. */
        List<String> targets();

        /** The small model that answers; null where none does. */
        default @Nullable String small() {
            return null;
        }

        /** Whether a large model is among those that answer. */
        default boolean hasLarge() {
            return true;
        }

        /** The part of a model before which another one is asked. */
        default Attempt.Role next() {
            return Attempt.Role.FALLBACK;
        }

        /** What the small model has from submit to verdict; null: its own limits. */
        default @Nullable Duration budget() {
            return null;
        }

        /** Least margin of the small model's answer; null: none is asked. */
        default @Nullable Double minMargin() {
            return null;
        }

        /**
         * A small model answers.
         *
         * @param onFailure the large model that answers when it cannot; null: nobody
         */
        record Slm(
                String model,
                @Nullable String onFailure,
                @Nullable Double minMargin) implements Action {
            @Override
            public Decision.Action kind() {
                return Decision.Action.SLM;
            }

            @Override
            public List<String> targets() {
                return onFailure == null ? List.of(model) : List.of(model, onFailure);
            }

            @Override
            public String small() {
                return model;
            }

            @Override
            public boolean hasLarge() {
                return onFailure != null;
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

        /** A small model's answer is held back and verified; when it does not pass, a large one answers. */
        record Cascade(
                String first,
                String escalateTo,
                Duration budget,
                @Nullable Double minMargin) implements Action {
            @Override
            public Decision.Action kind() {
                return Decision.Action.CASCADE;
            }

            @Override
            public List<String> targets() {
                return List.of(first, escalateTo);
            }

            @Override
            public String small() {
                return first;
            }

            @Override
            public Attempt.Role next() {
                return Attempt.Role.ESCALATE;
            }
        }

        /**
         * A large model answers; a small one answers beside it, unheard.
         *
         * @param sample share of the sessions that are mirrored, 0 to 1
         * @param maxInflight mirrors of this rule at a time
         */
        record Shadow(String serve, String mirror, double sample, int maxInflight) implements Action {
            @Override
            public Decision.Action kind() {
                return Decision.Action.SHADOW;
            }

            @Override
            public List<String> targets() {
                return List.of(serve);
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

            @Override
            public boolean hasLarge() {
                return false;
            }
        }
    }
}
