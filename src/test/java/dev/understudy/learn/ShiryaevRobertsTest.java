package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class ShiryaevRobertsTest {
    @Test
    void itStartsAtNothingAndForgetsWhenToldTo() {
        ShiryaevRoberts slip = new ShiryaevRoberts(0.95);
        assertThat(slip.level()).isZero();
        slip.add(false);
        assertThat(slip.level()).isPositive();
        slip.reset();
        assertThat(slip.level()).isZero();
    }

    @Test
    void oneVerdictIsTheMeanOfItsLikelihoodRatios() {
        double sum = 0;
        for (int i = 1; i <= 60; i++) {
            double q = 0.95 - 0.5 * (i - 0.5) / 60;
            sum += (1 - q) / 0.05;
        }
        ShiryaevRoberts slip = new ShiryaevRoberts(0.95);
        slip.add(false);
        assertThat(slip.level()).isCloseTo(sum / 60, within(1e-9));
    }

    @Test
    void aFallTo80PercentIsNoticedWithin80VerdictsInTheMiddle() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(11);
        int[] needed = new int[101];
        for (int history = 0; history < needed.length; history++) {
            ShiryaevRoberts slip = new ShiryaevRoberts(0.95);
            for (int i = 0; i < 1_000; i++) {
                slip.add(random.nextDouble() < 0.98);
            }
            while (slip.level() < GateRules.DEMOTE) {
                slip.add(random.nextDouble() < 0.80);
                needed[history]++;
            }
        }
        Arrays.sort(needed);
        assertThat(needed[50]).isBetween(30, 80);
    }

    @Test
    void errorsWithoutEndStayFinite() {
        ShiryaevRoberts slip = new ShiryaevRoberts(0.95);
        for (int i = 0; i < 10_000; i++) {
            slip.add(false);
        }
        assertThat(slip.level()).isFinite();
    }

    @Test
    void aShareThatTheGridCannotGoUnderIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new ShiryaevRoberts(0.5));
    }
}
