package dev.understudy.policy;

import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is looked for in a call and in its answer, and what is done about it.
 *
 * @param secrets in the call
 * @param injection marker phrases of attempts to give a model other orders, in the call
 * @param output secrets in the answer
 * @param checks that the answer must pass
 */
record Guard(Reaction secrets, Reaction injection, Demands.Secrets output, List<OutputCheck> checks) {
    /** Nothing is looked for. */
    static final Guard NONE = new Guard(Reaction.OFF, Reaction.OFF, Demands.Secrets.OFF, List.of());

    /** The name of a secret among a call's findings. */
    static final String SECRET = "secret";

    /** The name of a marker phrase among a call's findings. */
    static final String INJECTION = "injection";

    Guard {
        checks = List.copyOf(checks);
    }

    /** What is done about a finding in a call, the mildest first. */
    enum Reaction {
        /** Not looked for. */
        OFF("off"),
        /** Written in the row. */
        NOTE("note"),
        /** No small model answers. */
        LLM("llm"),
        /** Nobody answers. */
        DENY("deny");

        private final String wire;

        Reaction(String wire) {
            this.wire = wire;
        }

        /** The word in policy files. */
        String wire() {
            return wire;
        }
    }

    /**
     * A condition on an answer.
     *
     * @param place where it is written, as {@code everyone/guard.output.cel[0]}
     */
    record OutputCheck(String place, Expression expression) {}

    /** Whether nothing is looked for. */
    boolean isNothing() {
        return !looksIntoCalls() && output == Demands.Secrets.OFF && checks.isEmpty();
    }

    /** Both: of each thing the stricter, and all checks. */
    Guard and(Guard other) {
        if (other.isNothing()) {
            return this;
        }
        if (isNothing()) {
            return other;
        }
        List<OutputCheck> all = new ArrayList<>(checks);
        all.addAll(other.checks);
        return new Guard(
                stricter(secrets, other.secrets),
                stricter(injection, other.injection),
                stricter(output, other.output),
                all);
    }

    private static <T extends Enum<T>> T stricter(T one, T other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    /** Whether a call must be searched for it. */
    boolean looksIntoCalls() {
        return secrets != Reaction.OFF || injection != Reaction.OFF;
    }

    /** What is done about a call with these findings: the strictest of all. */
    Reaction reaction(Facts facts) {
        Reaction strictest = Reaction.OFF;
        if (secrets != Reaction.OFF && facts.signals().findings().contains(SECRET)) {
            strictest = secrets;
        }
        if (injection != Reaction.OFF && facts.signals().findings().contains(INJECTION)) {
            strictest = stricter(strictest, injection);
        }
        return strictest;
    }

    /** The answer in place of a model's, or null when one may answer. */
    Decision.@Nullable Denial denial(Facts facts) {
        return reaction(facts) == Reaction.DENY
                ? new Decision.Denial(
                        403,
                        "policy_guard",
                        "This call holds what a guard of this gateway does not let through: a credential, or a phrase"
                                + " that gives a model other orders.",
                        null)
                : null;
    }

    /** The checks of an answer to that call. */
    List<Demands.Check> checks(Facts facts) {
        if (checks.isEmpty()) {
            return List.of();
        }
        List<Demands.Check> all = new ArrayList<>(checks.size());
        for (int i = 0; i < checks.size(); i++) {
            all.add(checks.get(i).expression().check(checks.get(i).place(), facts));
        }
        return all;
    }
}
