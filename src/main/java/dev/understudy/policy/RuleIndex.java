package dev.understudy.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The rules for one app of one team, and for each value of an indexed key a bit set of those that may hold for it: most
 * rules of a long list are for other tasks or models, and are not asked at all. Safe on every thread.
 */
final class RuleIndex {
    /** Shorter lists are asked faster than looked up. */
    private static final int WORTH_IT = 16;
    /** Values remembered for a key; callers make up model names. */
    private static final int MOST_VALUES = 1_024;

    private static final MatchKey[] KEYS = {
        MatchKey.MODEL, MatchKey.API, MatchKey.TASK, MatchKey.KIND, MatchKey.PHASE, MatchKey.SENSITIVITY
    };

    private final List<Rule> rules;
    private final List<Column> columns = new ArrayList<>();

    RuleIndex(List<Rule> rules) {
        this.rules = List.copyOf(rules);
        if (rules.size() >= WORTH_IT) {
            for (MatchKey key : KEYS) {
                Column column = new Column(key, this.rules);
                if (column.isUsed()) {
                    columns.add(column);
                }
            }
        }
    }

    /** All of them, in the order in which they are asked. */
    List<Rule> rules() {
        return rules;
    }

    /** Those that no indexed key keeps from holding, in the same order. */
    List<Rule> candidates(Facts facts) {
        if (columns.isEmpty()) {
            return rules;
        }
        long[] left = null;
        for (int i = 0; i < columns.size(); i++) {
            left = columns.get(i).narrow(left, facts);
        }
        List<Rule> candidates = new ArrayList<>();
        for (int word = 0; left != null && word < left.length; word++) {
            for (long bits = left[word]; bits != 0; bits &= bits - 1) {
                candidates.add(rules.get((word << 6) + Long.numberOfTrailingZeros(bits)));
            }
        }
        return candidates;
    }

    /** One key of all rules. */
    private static final class Column {
        private final MatchKey key;
        /** By rule; null where it does not have the key. */
        private final @Nullable Globs[] names;

        private final long[] any;
        private final Map<String, long[]> byValue = new ConcurrentHashMap<>();

        Column(MatchKey key, List<Rule> rules) {
            this.key = key;
            this.names = new Globs[rules.size()];
            this.any = new long[(rules.size() + 63) >> 6];
            for (int i = 0; i < names.length; i++) {
                names[i] = namesOf(rules.get(i), key);
                if (names[i] == null) {
                    any[i >> 6] |= 1L << i;
                }
            }
        }

        private static @Nullable Globs namesOf(Rule rule, MatchKey key) {
            for (Condition condition : rule.match().all()) {
                if (condition instanceof Condition.OneOf(MatchKey own, Globs covered) && own == key) {
                    return covered;
                }
            }
            return null;
        }

        boolean isUsed() {
            for (Globs own : names) {
                if (own != null) {
                    return true;
                }
            }
            return false;
        }

        /** The rules of {@code left}, or all when null, that may hold for what a call has here. */
        long[] narrow(long @Nullable [] left, Facts facts) {
            long[] first = any;
            long[] second = any;
            if (!facts.isUnknown(key)) {
                first = of(value(facts));
                second = key == MatchKey.TASK ? of(facts.signals().site()) : first;
            }
            long[] narrowed = left == null ? new long[any.length] : left;
            for (int i = 0; i < narrowed.length; i++) {
                long here = first[i] | second[i];
                narrowed[i] = left == null ? here : left[i] & here;
            }
            return narrowed;
        }

        private @Nullable String value(Facts facts) {
            return switch (key) {
                case MODEL -> facts.call().model();
                case API -> facts.call().api().wire();
                case TASK -> facts.signals().task();
                case KIND -> facts.signals().kind().wire();
                case PHASE -> facts.signals().phase().wire();
                case SENSITIVITY -> facts.signals().sensitivity().wire();
                case TEAMS, APPS, KEYS, TAGS, CONSENT, TOOLS, TOOL_CHOICE, RESPONSE_FORMAT, TOKENS, MAX_TOKENS ->
                    throw new IllegalStateException("not indexed: " + key);
                case TURNS, STREAM, IMAGES, UNAVAILABLE -> throw new IllegalStateException("not indexed: " + key);
            };
        }

        private long[] of(@Nullable String value) {
            if (value == null) {
                return any;
            }
            long[] known = byValue.get(value);
            if (known != null) {
                return known;
            }
            long[] made = any.clone();
            for (int i = 0; i < names.length; i++) {
                Globs own = names[i];
                if (own != null && own.cover(value)) {
                    made[i >> 6] |= 1L << i;
                }
            }
            if (byValue.size() < MOST_VALUES) {
                byValue.put(value, made);
            }
            return made;
        }
    }
}
