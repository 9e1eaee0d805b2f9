package dev.understudy.call;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who shall answer, and why.
 *
 * @param revision of the policy set, 12 hex digits
 * @param rule full id of the rule that decided ({@code policy/rule}); null when none held
 * @param action what the rule asks for
 * @param targets models to try, in order; empty when denied
 * @param dropped targets that were not eligible
 * @param basis what the choice rests on
 * @param bucket of the rollout that decided, 0 to 9,999; null where none did
 * @param propensity probability of the first target under this policy, in (0, 1]
 * @param mirror who answers beside, unheard; null: nobody
 * @param demands what is asked of the answer
 * @param capture what shall be written down
 * @param deny the answer to give instead, or null
 * @param why one sentence for people; no content
 */
public record Decision(
        String revision,
        @Nullable String rule,
        Action action,
        List<Target> targets,
        List<Dropped> dropped,
        Basis basis,
        @Nullable Integer bucket,
        double propensity,
        @Nullable Mirror mirror,
        Demands demands,
        CaptureOrder capture,
        @Nullable Denial deny,
        String why) {
    public Decision {
        targets = List.copyOf(targets);
        dropped = List.copyOf(dropped);
        if (!(propensity > 0 && propensity <= 1)) {
            throw new IllegalArgumentException("propensity must be in (0, 1], got " + propensity);
        }
        if (bucket != null && (bucket < 0 || bucket > 9_999)) {
            throw new IllegalArgumentException("a bucket is 0 to 9,999, got " + bucket);
        }
        if (targets.isEmpty() == (deny == null)) {
            throw new IllegalArgumentException("deny must be given exactly when there are no targets");
        }
    }

    /** The same, but at most a row without contents is written. */
    public Decision withoutBodies() {
        return capture.record() == CaptureOrder.Level.FULL
                ? new Decision(
                        revision,
                        rule,
                        action,
                        targets,
                        dropped,
                        basis,
                        bucket,
                        propensity,
                        mirror,
                        demands,
                        new CaptureOrder(
                                CaptureOrder.Level.METADATA, 1, capture.purposes(), capture.redact(), capture.rule()),
                        deny,
                        why)
                : this;
    }

    /** What a rule does. */
    public enum Action {
        SLM("slm"),
        LLM("llm"),
        /** A small model's answer is held back and verified; when it fails, a large one answers the same call. */
        CASCADE("cascade"),
        /** A large model answers, a small one beside it. */
        SHADOW("shadow"),
        DENY("deny");

        private final String wire;

        Action(String wire) {
            this.wire = wire;
        }

        /** The name in policy files and rows. */
        public String wire() {
            return wire;
        }
    }

    /** What a choice rests on. */
    public enum Basis {
        RULE("rule"),
        FORCED("forced"),
        /** The call names something that one upstream holds, so nobody else can answer it. */
        HELD_ID("held_id"),
        /** The open tool loop has an owner, who goes on. */
        LOCKED("locked"),
        /** The session is left to the large model for a while. */
        LATCHED("latched"),
        NONE("none");

        private final String wire;

        Basis(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }

    /** One model to try and its part in the call. */
    public record Target(String model, Attempt.Role role) {}

    /**
     * A model that answers after the answer has left, for comparison only.
     *
     * @param probability that a call like this is mirrored, in (0, 1]
     * @param maxInflight at most so many of this rule's mirrors run at a time
     */
    public record Mirror(String model, Reason reason, double probability, int maxInflight) {
        public Mirror {
            if (!(probability > 0 && probability <= 1)) {
                throw new IllegalArgumentException("probability must be in (0, 1], got " + probability);
            }
        }

        /** Why a call is mirrored. */
        public enum Reason {
            /** A rule of action shadow says so. */
            RULE("rule");

            private final String wire;

            Reason(String wire) {
                this.wire = wire;
            }

            /** The name in rows. */
            public String wire() {
                return wire;
            }
        }
    }

    /**
     * One model that was not eligible.
     *
     * @param code a code of the eligibility table: {@code tier_forced}, {@code api}, {@code context}, ...
     * @param detail what exactly, for people; no content
     */
    public record Dropped(String model, String code, String detail) {}

    /**
     * An answer in place of a model's.
     *
     * @param status HTTP status
     * @param code error code on the wire
     * @param param the field that was wrong, or null
     */
    public record Denial(
            int status,
            String code,
            String message,
            @Nullable String param) {}
}
