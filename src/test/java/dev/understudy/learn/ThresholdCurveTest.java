package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.understudy.learn.ThresholdCurve.Scored;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ThresholdCurveTest {
    @Test
    void theLeastThresholdThatIsRightOftenEnoughIsChosen() {
        List<Scored> answers = new ArrayList<>();
        add(answers, 60, 3.0, true);
        add(answers, 1, 2.5, false);
        add(answers, 10, 0.5, true);
        add(answers, 10, 0.5, false);
        ThresholdCurve curve = ThresholdCurve.of(answers);
        assertThat(curve.choose(0.90)).isEqualTo(OptionalDouble.of(0.75));
        assertThat(curve.choose(0.99)).isEqualTo(OptionalDouble.of(2.75));
        assertThat(curve.points().getFirst()).isEqualTo(new ThresholdCurve.Point(ThresholdCurve.NONE, 81, 70));
        assertThat(curve.points().getLast()).isEqualTo(new ThresholdCurve.Point(8, 0, 0));
    }

    @Test
    void fortyRowsAndThreeTenthsOfThemAreNeeded() {
        List<Scored> few = new ArrayList<>();
        add(few, 39, 5.0, true);
        assertThat(ThresholdCurve.of(few).choose(0.95)).isEmpty();
        add(few, 1, 5.0, true);
        assertThat(ThresholdCurve.of(few).choose(0.95)).isEqualTo(OptionalDouble.of(ThresholdCurve.NONE));
        add(few, 94, 0.1, false);
        assertThat(ThresholdCurve.of(few).choose(0.95)).isEmpty();
    }

    @Test
    void whatTheLadderRefusesPassesNoThresholdAndWhatHasNoMarginPassesAll() {
        ThresholdCurve curve = ThresholdCurve.of(List.of(new Scored(false, 7.0, true), new Scored(true, null, true)));
        assertThat(curve.points())
                .allSatisfy(point -> assertThat(point.accepted()).isEqualTo(1));
    }

    @Test
    void everyLookAtTheSameSliceHasToBeSurer() {
        assertThat(Certificate.of(0.95, 59, 59, 1).isGood()).isTrue();
        assertThat(Certificate.of(0.95, 59, 59, 2).isGood()).isFalse();
        assertThat(Certificate.of(0.95, 59, 59, 2).level()).isCloseTo(0.975, within(1e-12));
        assertThat(Certificate.of(0.95, 58, 58, 1).isGood()).isFalse();
        assertThat(Certificate.of(0.95, 0, 0, 1).isGood()).isFalse();
    }

    private static void add(List<Scored> answers, int times, double margin, boolean right) {
        for (int i = 0; i < times; i++) {
            answers.add(new Scored(true, margin, right));
        }
    }
}
