package dev.understudy.learn;

import java.util.Arrays;

/**
 * How much the counts speak against "right in at most p0": an e-process, so that it may be looked at after every answer.
 * It is the mean over a grid of alternatives q between p0 and 1 of the likelihood ratio of q to p0; were p0 the truth,
 * it would ever reach 1/alpha with probability alpha at most.
 */
final class EProcess {
    private static final int GRID = 60;

    private EProcess() {}

    /**
     * Natural logarithm of the evidence.
     *
     * @param p0 the share to beat, in (0, 1)
     * @param right of {@code n} counted verdicts
     */
    static double logEvidence(double p0, long n, long right) {
        if (!(p0 > 0 && p0 < 1) || right < 0 || right > n) {
            throw new IllegalArgumentException("no evidence: " + right + " of " + n + " at " + p0);
        }
        double[] logs = new double[GRID];
        for (int i = 0; i < GRID; i++) {
            double q = p0 + (1 - p0) * (i + 0.5) / GRID;
            logs[i] = right * StrictMath.log(q / p0) + (n - right) * StrictMath.log((1 - q) / (1 - p0));
        }
        double largest = Arrays.stream(logs).max().orElseThrow();
        double sum = 0;
        for (double log : logs) {
            sum += StrictMath.exp(log - largest);
        }
        return largest + StrictMath.log(sum) - StrictMath.log(GRID);
    }
}
