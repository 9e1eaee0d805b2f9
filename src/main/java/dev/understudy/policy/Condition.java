package dev.understudy.policy;

import dev.understudy.call.Caller;
import dev.understudy.call.Purpose;
import dev.understudy.call.Signals;
import dev.understudy.call.Tool;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One key of a {@code match} or {@code except}, ready to be asked. Alternatives are the shapes of their values. */
sealed interface Condition {
    /** The key in the file. */
    MatchKey key();

    /** Whether it holds for that call. */
    Truth test(Facts facts);

    /** The value is one of these names or patterns. */
    record OneOf(MatchKey key, Globs names) implements Condition {
        @Override
        public Truth test(Facts facts) {
            return switch (key) {
                case TEAMS -> Truth.of(names.cover(facts.caller().team()));
                case APPS -> Truth.of(names.cover(facts.caller().app()));
                case KEYS -> keyTest(facts.caller());
                case CONSENT -> consentTest(facts.caller());
                case MODEL -> Truth.of(names.cover(facts.call().model()));
                case API -> Truth.of(names.cover(facts.call().api().wire()));
                case TASK -> taskTest(facts);
                case KIND -> signal(facts, "kind", facts.signals().kind().wire());
                case PHASE -> signal(facts, "phase", facts.signals().phase().wire());
                case TOOL_CHOICE ->
                    Truth.of(names.cover(facts.call().toolChoice().wire()));
                case RESPONSE_FORMAT ->
                    Truth.of(names.cover(facts.call().responseFormat().type().wire()));
                case SENSITIVITY ->
                    signal(facts, "sensitivity", facts.signals().sensitivity().wire());
                case TAGS, TOOLS, TOKENS, MAX_TOKENS, TURNS, STREAM, IMAGES, UNAVAILABLE ->
                    throw new IllegalStateException("no names for " + key);
            };
        }

        private Truth keyTest(Caller caller) {
            return Truth.of(caller.keyId() != null && names.cover(caller.keyId().toString()));
        }

        private Truth consentTest(Caller caller) {
            for (Purpose purpose : caller.consent()) {
                if (names.cover(purpose.wire())) {
                    return Truth.YES;
                }
            }
            return Truth.NO;
        }

        /** A task answers to its name and to the digits of its call site. */
        private Truth taskTest(Facts facts) {
            Signals signals = facts.signals();
            if (facts.isUnknown("task") || (signals.task() == null && signals.site() == null)) {
                return Truth.UNKNOWN;
            }
            return Truth.of(covers(signals.task()) || covers(signals.site()));
        }

        private boolean covers(@Nullable String name) {
            return name != null && names.cover(name);
        }

        private Truth signal(Facts facts, String name, String value) {
            return facts.isUnknown(name) ? Truth.UNKNOWN : Truth.of(names.cover(value));
        }
    }

    /** All these tags are the caller's, with these values. */
    record Tags(Map<String, String> tags) implements Condition {
        public Tags {
            tags = Map.copyOf(tags);
        }

        @Override
        public MatchKey key() {
            return MatchKey.TAGS;
        }

        @Override
        public Truth test(Facts facts) {
            return Truth.of(facts.caller().tags().entrySet().containsAll(tags.entrySet()));
        }
    }

    /** The number lies in a range, both ends included. */
    record Within(MatchKey key, long min, long max) implements Condition {
        @Override
        public Truth test(Facts facts) {
            return switch (key) {
                case TOKENS ->
                    facts.isUnknown("tokens")
                            ? Truth.UNKNOWN
                            : holds(facts.signals().tokens());
                case MAX_TOKENS -> {
                    Integer asked = facts.call().maxTokens();
                    yield holds(asked == null ? 0 : asked);
                }
                case TURNS ->
                    facts.isUnknown("turn")
                            ? Truth.UNKNOWN
                            : holds(facts.signals().turn());
                case TEAMS, APPS, KEYS, TAGS, CONSENT, MODEL, API, TASK, KIND, PHASE, TOOLS, TOOL_CHOICE ->
                    throw new IllegalStateException("no range for " + key);
                case RESPONSE_FORMAT, STREAM, IMAGES, SENSITIVITY, UNAVAILABLE ->
                    throw new IllegalStateException("no range for " + key);
            };
        }

        Truth holds(long value) {
            return Truth.of(value >= min && value <= max);
        }
    }

    /** The yes-or-no question has this answer. */
    record Is(MatchKey key, boolean value) implements Condition {
        public Is {
            if (key != MatchKey.STREAM && key != MatchKey.IMAGES) {
                throw new IllegalArgumentException("key must be stream or images, got " + key);
            }
        }

        @Override
        public Truth test(Facts facts) {
            return Truth.of(value == (key == MatchKey.STREAM ? facts.call().stream() : facts.hasImages()));
        }
    }

    /**
     * The tools on offer.
     *
     * @param anyOf one of these is offered; null: not asked
     * @param allOf each of these covers an offered tool; null: not asked
     * @param noneOf none of these is offered; null: not asked
     * @param count how many are offered; null: not asked
     */
    record Tools(
            @Nullable Globs anyOf,
            List<Globs> allOf,
            @Nullable Globs noneOf,
            @Nullable Within count) implements Condition {
        public Tools {
            allOf = List.copyOf(allOf);
        }

        @Override
        public MatchKey key() {
            return MatchKey.TOOLS;
        }

        @Override
        public Truth test(Facts facts) {
            List<Tool> tools = facts.call().tools();
            if (count != null && count.holds(tools.size()) == Truth.NO) {
                return Truth.NO;
            }
            if (anyOf != null && !offers(tools, anyOf)) {
                return Truth.NO;
            }
            if (noneOf != null && offers(tools, noneOf)) {
                return Truth.NO;
            }
            for (int i = 0; i < allOf.size(); i++) {
                if (!offers(tools, allOf.get(i))) {
                    return Truth.NO;
                }
            }
            return Truth.YES;
        }

        private static boolean offers(List<Tool> tools, Globs names) {
            for (int i = 0; i < tools.size(); i++) {
                if (names.cover(tools.get(i).name())) {
                    return true;
                }
            }
            return false;
        }
    }

    /** One of these models lacks files or a credential. */
    record Unavailable(List<String> models) implements Condition {
        public Unavailable {
            models = List.copyOf(models);
        }

        /** The models as written, for people. */
        String shown() {
            return String.join(" or ", models);
        }

        @Override
        public MatchKey key() {
            return MatchKey.UNAVAILABLE;
        }

        @Override
        public Truth test(Facts facts) {
            for (String model : models) {
                if (facts.lack(model) != null) {
                    return Truth.YES;
                }
            }
            return Truth.NO;
        }
    }
}
