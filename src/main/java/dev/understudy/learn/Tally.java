package dev.understudy.learn;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What the verdicts since a gate's last entry to shadow or serve come to. The same verdicts in the same order give the
 * same digits, live and when a transition is verified years later. Not thread-safe.
 */
final class Tally {
    private static final int RECENT = 500;
    private static final double LEVEL = 0.95;

    private final double p0;
    private final ShiryaevRoberts slip;
    private final Deque<Boolean> recentlyValid = new ArrayDeque<>(RECENT);
    private long counted;
    private long right;
    private long scored;
    private long unscorable;
    private long accepted;
    private long valid;
    private int recentlyInvalid;
    private long countedAtStep;

    /** @param p0 the share to beat, and later to hold */
    Tally(double p0) {
        this.p0 = p0;
        this.slip = new ShiryaevRoberts(p0);
    }

    /** Takes the next verdict. */
    void add(Verdict verdict) {
        if (verdict.pass() == null) {
            unscorable++;
        }
        scored++;
        accepted += verdict.accepted() ? 1 : 0;
        valid += verdict.valid() ? 1 : 0;
        recent(verdict.valid());
        if (verdict.counted()) {
            boolean pass = Boolean.TRUE.equals(verdict.pass());
            counted++;
            countedAtStep++;
            right += pass ? 1 : 0;
            slip.add(pass);
        }
    }

    private void recent(boolean isValid) {
        recentlyValid.addLast(isValid);
        recentlyInvalid += isValid ? 0 : 1;
        if (recentlyValid.size() > RECENT && !recentlyValid.removeFirst()) {
            recentlyInvalid--;
        }
    }

    /** The share of sessions has changed: what is counted for the next step begins anew, the watch for a slip goes on. */
    void stepped() {
        countedAtStep = 0;
    }

    /** What it has come to. */
    Standing standing() {
        return new Standing(
                counted,
                right,
                countedAtStep,
                scored,
                accepted,
                valid,
                unscorable,
                recentlyInvalid,
                EProcess.logEvidence(p0, counted, right),
                slip.level(),
                scored == 0 ? 0 : ClopperPearson.lower(valid, scored, LEVEL),
                counted == 0 ? 0 : ClopperPearson.lower(right, counted, LEVEL));
    }

    /**
     * The figures of a gate.
     *
     * @param counted verdicts that are evidence
     * @param right of them
     * @param countedAtStep of them, since the share last changed
     * @param scored answers, counted or not
     * @param accepted of them by the ladder
     * @param valid of them in the first four steps of the ladder
     * @param unscorable of them, since the reference could not be used
     * @param recentlyInvalid of the last 500 scored
     * @param logEvidence that the share of right ones is over p0, natural logarithm
     * @param slip how much speaks for its having fallen under p0
     * @param validBound lower bound of the share of valid ones, at 95 %
     * @param rightBound lower bound of the share of right ones, at 95 %; for people, no gate reads it
     */
    record Standing(
            long counted,
            long right,
            long countedAtStep,
            long scored,
            long accepted,
            long valid,
            long unscorable,
            int recentlyInvalid,
            double logEvidence,
            double slip,
            double validBound,
            double rightBound) {
        /** Share of the scored answers that the ladder accepted; 0 when nothing was scored. */
        double acceptedShare() {
            return scored == 0 ? 0 : (double) accepted / scored;
        }

        /** Share of the scored answers whose reference could not be used; 0 when nothing was scored. */
        double unscorableShare() {
            return scored == 0 ? 0 : (double) unscorable / scored;
        }
    }
}
