package dev.understudy.serve;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals;
import dev.understudy.call.Tier;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.ModelFailure;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An open tool loop that another one than its owner went on with. Only {@link Tier#LLM} may be where it goes; the other
 * way is a fault of ours, which the meter shows.
 *
 * @param to who answered
 */
record LoopSwitch(Tier to, Reason reason) {
    /** Why. */
    enum Reason {
        LADDER("ladder"),
        DEADLINE("deadline"),
        FAILED("failed"),
        SLM_OFF("slm_off"),
        TIER_FORCED("tier_forced"),
        LATCHED("latched"),
        ERROR_REPAIR("error_repair"),
        NOT_ELIGIBLE("not_eligible"),
        DEMOTED("demoted"),
        /** A small model went on with a loop of the large one's. */
        ENTERED("entered"),
        /** A small model went on with the loop of another. */
        OTHER_MODEL("other_model");

        private final String wire;

        Reason(String wire) {
            this.wire = wire;
        }

        /** The tag of the meter. */
        String wire() {
            return wire;
        }
    }

    /** The switch that a call was; null when it was none. */
    static @Nullable LoopSwitch of(Interaction ended) {
        Signals signals = ended.signals();
        Attempt answer = answer(ended);
        if (signals == null || answer == null) {
            return null;
        }
        Loop loop = signals.loop();
        boolean small = answer.tier() == Tier.SLM;
        return switch (loop.owner()) {
            case NONE -> null;
            case LLM -> small ? new LoopSwitch(Tier.SLM, Reason.ENTERED) : null;
            case SLM ->
                answer.model().equals(loop.model())
                        ? null
                        : small
                                ? new LoopSwitch(Tier.SLM, Reason.OTHER_MODEL)
                                : new LoopSwitch(Tier.LLM, reason(ended, signals));
        };
    }

    private static Reason reason(Interaction ended, Signals signals) {
        List<Attempt> attempts = ended.attempts();
        for (int i = 0; i < attempts.size(); i++) {
            Attempt attempt = attempts.get(i);
            if (attempt.tier() == Tier.SLM && attempt.role() != Attempt.Role.MIRROR) {
                return failure(attempt);
            }
        }
        if (signals.slmOff()) {
            return Reason.SLM_OFF;
        }
        if (ended.call().tierForced()) {
            return Reason.TIER_FORCED;
        }
        if (signals.latched()) {
            return Reason.LATCHED;
        }
        if (signals.phase() == Phase.ERROR_REPAIR) {
            return Reason.ERROR_REPAIR;
        }
        Decision decision = ended.decision();
        if (decision != null) {
            for (Decision.Dropped dropped : decision.dropped()) {
                if (dropped.model().equals(signals.loop().model())) {
                    return Reason.NOT_ELIGIBLE;
                }
            }
        }
        return Reason.DEMOTED;
    }

    private static Reason failure(Attempt attempt) {
        String error = attempt.error();
        if (ModelFailure.Code.DEADLINE.wire().equals(error)) {
            return Reason.DEADLINE;
        }
        for (VerifyStep step : attempt.verify()) {
            if (step.result() == VerifyStep.Result.FAIL) {
                return Reason.LADDER;
            }
        }
        return ModelFailure.Code.UNPARSED.wire().equals(error) ? Reason.LADDER : Reason.FAILED;
    }

    private static @Nullable Attempt answer(Interaction ended) {
        Integer served = ended.served();
        if (served != null) {
            List<Attempt> attempts = ended.attempts();
            for (int i = 0; i < attempts.size(); i++) {
                if (attempts.get(i).n() == served) {
                    return attempts.get(i);
                }
            }
        }
        return null;
    }
}
