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
 * @param propensity probability of the first target under this policy, in (0, 1]
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
        double propensity,
        CaptureOrder capture,
        @Nullable Denial deny,
        String why) {
    public Decision {
        targets = List.copyOf(targets);
        dropped = List.copyOf(dropped);
        if (!(propensity > 0 && propensity <= 1)) {
            throw new IllegalArgumentException("propensity must be in (0, 1], got " + propensity);
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
                        propensity,
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
