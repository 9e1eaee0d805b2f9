package dev.understudy.learn;

/**
 * Exact one-sided bounds of a share. In doubles by {@link StrictMath}, in a fixed order, so that
 * evidence recomputes to the same digits on every machine.
 */
final class ClopperPearson {
    private static final int HALVINGS = 60;

    private ClopperPearson() {}

    /**
     * The least share that the counts allow.
     *
     * @param right of {@code n}
     * @param level of confidence, as 0.95
     * @return 0 when nothing was right
     */
    static double lower(long right, long n, double level) {
        check(right, n, level);
        if (right == 0) {
            return 0;
        }
        double ways = logChoose(n, right);
        double low = 0;
        double high = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            // the larger the share, the likelier so many right ones
            if (atLeast(right, n, middle, ways) < 1 - level) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The largest share that the counts allow; 1 when all were right. */
    static double upper(long right, long n, double level) {
        check(right, n, level);
        return 1 - lower(n - right, n, level);
    }

    private static void check(long right, long n, double level) {
        if (right < 0 || right > n || !(level > 0 && level < 1)) {
            throw new IllegalArgumentException("no share: " + right + " of " + n + " at " + level);
        }
    }

    /** P(X ≥ k) for n trials of probability p; {@code ways} is the logarithm of n over k. */
    private static double atLeast(long k, long n, double p, double ways) {
        if (p <= 0) {
            return 0;
        }
        if (p >= 1) {
            return 1;
        }
        double odds = StrictMath.log(p) - StrictMath.log1p(-p);
        double term = ways + k * StrictMath.log(p) + (n - k) * StrictMath.log1p(-p);
        double sum = 0;
        for (long i = k; i <= n; i++) {
            sum += StrictMath.exp(term);
            term += StrictMath.log((double) (n - i) / (i + 1)) + odds;
        }
        return Math.min(1, sum);
    }

    private static double logChoose(long n, long k) {
        long fewer = Math.min(k, n - k);
        double sum = 0;
        for (long i = 1; i <= fewer; i++) {
            sum += StrictMath.log((double) (n - fewer + i) / i);
        }
        return sum;
    }
}
