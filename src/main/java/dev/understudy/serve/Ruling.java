package dev.understudy.serve;

import dev.understudy.access.Admission;
import dev.understudy.call.Decision;
import dev.understudy.call.Signals;

/**
 * What the rooms below said of a call.
 *
 * @param models of the policy set that decided, held for the exchange, which releases them once
 * @param admission the call's place within the limits of its caller, which the call's record ends
 */
record Ruling(Signals signals, Decision decision, LiveModels models, Admission admission) {
    /** Of a caller whom nothing limits. */
    Ruling(Signals signals, Decision decision, LiveModels models) {
        this(signals, decision, models, Admission.FREE);
    }
}
