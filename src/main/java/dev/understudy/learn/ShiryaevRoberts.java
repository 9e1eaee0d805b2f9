package dev.understudy.learn;

import java.util.Arrays;

/**
 * Notices that a model which was right often enough is so no longer: Shiryaev-Roberts recursions over a grid of shares
 * between p0 − 0.5 and p0, averaged. While the true share is p0 or more, the mean number of verdicts until a false alarm
 * at level m is m or more. Not thread-safe.
 */
final class ShiryaevRoberts {
    private static final int GRID = 60;
    private static final double WIDTH = 0.5;
    /** Far beyond every level; a longer run of errors must not become infinite. */
    private static final double MOST = 1e200;

    private final double[] ifRight = new double[GRID];
    private final double[] ifWrong = new double[GRID];
    private final double[] sums = new double[GRID];

    /** @param p0 the share to hold, in (0.5, 1) */
    ShiryaevRoberts(double p0) {
        if (!(p0 > WIDTH && p0 < 1)) {
            throw new IllegalArgumentException("p0 must be in (0.5, 1), got " + p0);
        }
        for (int i = 0; i < GRID; i++) {
            double q = p0 - WIDTH * (i + 0.5) / GRID;
            ifRight[i] = q / p0;
            ifWrong[i] = (1 - q) / (1 - p0);
        }
    }

    /** Takes one counted verdict. */
    void add(boolean right) {
        double[] factor = right ? ifRight : ifWrong;
        for (int i = 0; i < GRID; i++) {
            sums[i] = Math.min(MOST, (sums[i] + 1) * factor[i]);
        }
    }

    /** How much speaks for a slip; 0 at the start. */
    double level() {
        return sum() / GRID;
    }

    /** In order: a stream's sum compensates, and differently from one version to the next. */
    private double sum() {
        double sum = 0;
        for (double one : sums) {
            sum += one;
        }
        return sum;
    }

    /** Begins anew. */
    void reset() {
        Arrays.fill(sums, 0);
    }
}
