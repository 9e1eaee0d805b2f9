package dev.understudy.learn;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a gate moves, and where to. Pure: the clock is in what it is told. Upwards it moves one step at a time and on
 * evidence; downwards at once.
 */
final class GateRules {
    /** Percent of sessions that are served, in order. */
    static final List<Integer> SHARES = List.of(1, 5, 25, 50, 100);

    static final double STOP_CLIMBING = 3_000;
    static final double DEMOTE = 30_000;

    private static final int CALLS = 200;
    private static final int SESSIONS = 100;
    private static final Duration A_STEP = Duration.ofHours(24);
    private static final int AT_A_STEP = 30;
    private static final double VALID = 0.99;
    private static final double ACCEPTED = 0.30;
    private static final double UNSCORABLE = 0.05;
    private static final int UNDECIDED_COUNT = 3_000;
    private static final Duration UNDECIDED = Duration.ofDays(30);
    private static final Duration REST = Duration.ofDays(7);
    private static final int INVALID = 10;
    private static final int EDITED = 20;
    private static final int FAULTS = 3;

    private GateRules() {}

    /**
     * What is known of a gate at one moment.
     *
     * @param state it is in
     * @param share percent of sessions served; 0 outside {@code SERVE}
     * @param inStep how long state and share have been so
     * @param comparable whether answers of the task's kind can be compared
     * @param calls of the task, and {@code sessions} in which they came
     * @param mayKeep whether full capture is allowed
     * @param certified whether the variant holds a certificate for this tuple
     * @param figures since the entry to the state
     * @param slowerThanLarge whether its 95th percentile of time is over the large model's
     * @param schemaChanged whether a tool's or the answer's schema is another one than that of the evidence
     * @param editedRunning calls in a row whose prompt was edited
     * @param faults of the engine with this variant in the last ten minutes
     */
    record Moment(
            GateState state,
            int share,
            Duration inStep,
            boolean comparable,
            long calls,
            long sessions,
            boolean mayKeep,
            boolean certified,
            Tally.Standing figures,
            boolean slowerThanLarge,
            boolean schemaChanged,
            int editedRunning,
            int faults) {}

    /**
     * A move.
     *
     * @param share percent of sessions served there; 0 outside {@code SERVE}
     * @param reason for people and rows; no content
     * @param proposed whether a person has to agree
     */
    record Move(GateState to, int share, String reason, boolean proposed) {}

    /** The move that is due, or null. */
    static @Nullable Move next(GateTerms terms, Moment now) {
        return switch (now.state()) {
            case OBSERVE -> toShadow(terms, now);
            case SHADOW -> fromShadow(terms, now);
            case SERVE -> fromServe(terms, now);
            case DEMOTED ->
                now.inStep().compareTo(REST) >= 0
                        ? new Move(GateState.OBSERVE, 0, "seven days have passed", false)
                        : null;
        };
    }

    private static @Nullable Move toShadow(GateTerms terms, Moment now) {
        boolean due = now.comparable()
                && now.calls() >= CALLS
                && now.sessions() >= SESSIONS
                && now.mayKeep()
                && now.certified();
        return due
                ? new Move(
                        GateState.SHADOW,
                        0,
                        "certified, with " + now.calls() + " calls in " + now.sessions() + " sessions",
                        terms.autoPromote() == GateTerms.AutoPromote.NONE)
                : null;
    }

    private static @Nullable Move fromShadow(GateTerms terms, Moment now) {
        Tally.Standing figures = now.figures();
        String trouble = trouble(now);
        if (trouble != null || figures.slip() >= DEMOTE) {
            return new Move(GateState.OBSERVE, 0, trouble == null ? "it is under p0" : trouble, false);
        }
        if (isProven(terms, now)) {
            return new Move(
                    GateState.SERVE,
                    SHARES.getFirst(),
                    "right in " + figures.right() + " of " + figures.counted() + " counted sessions",
                    terms.autoPromote() != GateTerms.AutoPromote.SERVE);
        }
        if (figures.counted() >= UNDECIDED_COUNT || now.inStep().compareTo(UNDECIDED) >= 0) {
            return new Move(GateState.OBSERVE, 0, "undecided after " + figures.counted() + " counted sessions", false);
        }
        return null;
    }

    private static boolean isProven(GateTerms terms, Moment now) {
        Tally.Standing figures = now.figures();
        return figures.logEvidence() >= -StrictMath.log(terms.alpha())
                && figures.counted() >= terms.minSamples()
                && now.inStep().compareTo(A_STEP) >= 0
                && figures.validBound() >= VALID
                && figures.acceptedShare() >= ACCEPTED
                && figures.unscorableShare() <= UNSCORABLE
                && !now.slowerThanLarge();
    }

    private static @Nullable Move fromServe(GateTerms terms, Moment now) {
        Tally.Standing figures = now.figures();
        String trouble = trouble(now);
        if (trouble != null || figures.slip() >= DEMOTE) {
            return new Move(
                    GateState.DEMOTED, 0, trouble == null ? "right answers have become fewer than p0" : trouble, false);
        }
        int step = SHARES.indexOf(now.share());
        boolean higher = step >= 0 && step + 1 < SHARES.size();
        boolean due = now.inStep().compareTo(A_STEP) >= 0
                && figures.countedAtStep() >= AT_A_STEP
                && figures.slip() < STOP_CLIMBING;
        return higher && due
                ? new Move(
                        GateState.SERVE,
                        SHARES.get(step + 1),
                        "a day at " + now.share() + " % without a sign of a slip",
                        terms.autoPromote() != GateTerms.AutoPromote.SERVE)
                : null;
    }

    /** What ends evidence or service at once, without counting. */
    private static @Nullable String trouble(Moment now) {
        if (now.schemaChanged()) {
            return "a schema of the call has changed";
        }
        if (now.editedRunning() >= EDITED) {
            return "the prompt was edited in " + now.editedRunning() + " calls running";
        }
        if (now.figures().recentlyInvalid() >= INVALID) {
            return now.figures().recentlyInvalid() + " of the last 500 answers were invalid";
        }
        return now.faults() >= FAULTS ? now.faults() + " faults of the engine in ten minutes" : null;
    }
}
