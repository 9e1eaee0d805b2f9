package dev.understudy.learn;

/**
 * A bound on rows that neither the training nor the choice of the threshold has seen.
 *
 * @param p0 the share to beat
 * @param accepted rows that the frozen tuple accepted
 * @param right of them
 * @param look 1 for the first time that this slice is looked at with this task, 2 for the second, ...
 * @param level of confidence of this look
 * @param bound lower bound of the share of right ones
 */
record Certificate(double p0, int accepted, int right, int look, double level, double bound) {
    private static final double FIRST_LOOK = 0.05;

    /** Looks at the counts; each further look at the same slice has to be twice as sure. */
    static Certificate of(double p0, int accepted, int right, int look) {
        if (look < 1) {
            throw new IllegalArgumentException("looks are counted from 1, got " + look);
        }
        double level = 1 - FIRST_LOOK * StrictMath.pow(2, 1 - look);
        return new Certificate(p0, accepted, right, look, level, ClopperPearson.lower(right, accepted, level));
    }

    /** Whether the variant may audition. */
    boolean isGood() {
        return bound >= p0;
    }
}
