package dev.understudy.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which calls a rule is for.
 *
 * @param all each must hold
 * @param except none may hold, nor be unknown
 * @param when must hold besides; null: nothing
 */
record Match(
        List<Condition> all,
        List<Condition> except,
        @Nullable Expression when) {
    Match {
        all = List.copyOf(all);
        except = List.copyOf(except);
    }

    /** The first condition that keeps the rule from holding, or null when it holds. */
    @Nullable
    Miss miss(Facts facts) {
        for (int i = 0; i < all.size(); i++) {
            Truth truth = test(all.get(i), facts);
            if (truth != Truth.YES) {
                return new Miss("match", all.get(i).key(), truth);
            }
        }
        for (int i = 0; i < except.size(); i++) {
            Truth truth = test(except.get(i), facts);
            if (truth != Truth.NO) {
                return new Miss("except", except.get(i).key(), truth);
            }
        }
        if (when != null) {
            Truth truth = when.test(facts);
            return truth == Truth.YES ? null : new Miss("when", null, truth);
        }
        return null;
    }

    private static Truth test(Condition condition, Facts facts) {
        return facts.isUnknown(condition.key()) ? Truth.UNKNOWN : condition.test(facts);
    }

    /**
     * Why a rule does not hold.
     *
     * @param part {@code match}, {@code except} or {@code when}
     * @param key null for {@code when}
     */
    record Miss(String part, @Nullable MatchKey key, Truth truth) {
        /** As {@code match.task} or {@code except.kind (unknown)}. */
        @Override
        public String toString() {
            if (key == null) {
                return part + (truth == Truth.UNKNOWN ? " (could not be evaluated)" : "");
            }
            return part + "." + key.wire() + (truth == Truth.UNKNOWN ? " (unknown)" : "");
        }
    }
}
