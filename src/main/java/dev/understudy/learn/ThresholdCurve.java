package dev.understudy.learn;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What a least margin would have kept and how much of that was right, for each threshold of a fixed grid.
 *
 * @param points by threshold, rising
 * @param scored answers in all
 */
record ThresholdCurve(List<Point> points, int scored) {
    /** Lets every answer pass. */
    static final double NONE = -100;

    private static final double HIGHEST = 8;
    private static final double STEP = 0.25;
    private static final double LEAST_SHARE = 0.30;
    private static final int LEAST_ROWS = 40;

    ThresholdCurve {
        points = List.copyOf(points);
    }

    /**
     * One scored answer.
     *
     * @param accepted by the ladder, the margin aside
     * @param minMargin null when no token carried a value: every threshold lets it pass
     */
    record Scored(boolean accepted, @Nullable Double minMargin, boolean right) {
        private boolean passes(double threshold) {
            return accepted && (minMargin == null || minMargin >= threshold);
        }
    }

    /**
     * One threshold.
     *
     * @param accepted answers that pass it
     * @param right of them
     */
    record Point(double threshold, int accepted, int right) {
        /** Share of right ones among the accepted; 0 when none was. */
        double agreement() {
            return accepted == 0 ? 0 : (double) right / accepted;
        }
    }

    /** The curve of some answers. */
    static ThresholdCurve of(List<Scored> answers) {
        List<Point> points = new ArrayList<>();
        points.add(point(answers, NONE));
        for (int i = 0; i * STEP <= HIGHEST; i++) {
            points.add(point(answers, i * STEP));
        }
        return new ThresholdCurve(points, answers.size());
    }

    private static Point point(List<Scored> answers, double threshold) {
        int accepted = 0;
        int right = 0;
        for (Scored answer : answers) {
            if (answer.passes(threshold)) {
                accepted++;
                right += answer.right() ? 1 : 0;
            }
        }
        return new Point(threshold, accepted, right);
    }

    /**
     * The least threshold that leaves room over p0: half way to certainty, on three tenths of the answers and forty of
     * them. Empty: the model is not fit for the errand.
     */
    OptionalDouble choose(double p0) {
        for (Point point : points) {
            boolean enough = point.accepted() >= LEAST_ROWS && point.accepted() >= LEAST_SHARE * scored;
            if (enough && point.agreement() >= (1 + p0) / 2) {
                return OptionalDouble.of(point.threshold());
            }
        }
        return OptionalDouble.empty();
    }
}
