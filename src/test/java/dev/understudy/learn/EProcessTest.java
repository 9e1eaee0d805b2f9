package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class EProcessTest {
    private static final double TWENTY = Math.log(20);

    @Test
    void withoutVerdictsThereIsNoEvidence() {
        assertThat(EProcess.logEvidence(0.95, 0, 0)).isCloseTo(0, within(1e-12));
    }

    @Test
    void itIsTheMeanLikelihoodRatioOverTheGrid() {
        double sum = 0;
        for (int i = 1; i <= 60; i++) {
            double q = 0.9 + 0.1 * (i - 0.5) / 60;
            sum += Math.pow(q / 0.9, 97) * Math.pow((1 - q) / 0.1, 3);
        }
        assertThat(EProcess.logEvidence(0.9, 100, 97)).isCloseTo(Math.log(sum / 60), within(1e-9));
    }

    @Test
    void rightAnswersRaiseItAndWrongOnesLowerIt() {
        double before = EProcess.logEvidence(0.95, 200, 195);
        assertThat(EProcess.logEvidence(0.95, 201, 196)).isGreaterThan(before);
        assertThat(EProcess.logEvidence(0.95, 201, 195)).isLessThan(before);
    }

    @Test
    void tensOfThousandsOfVerdictsNeitherOverflowNorVanish() {
        assertThat(EProcess.logEvidence(0.95, 100_000, 99_900)).isPositive().isFinite();
        assertThat(EProcess.logEvidence(0.95, 100_000, 50_000)).isNegative().isFinite();
    }

    /** The promise of an e-process, on seeded histories; `bench gates` plays more of them. */
    @Test
    void atExactlyP0FewHistoriesEverReachTwenty() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
        int wrong = 0;
        for (int history = 0; history < 200; history++) {
            long right = 0;
            boolean reached = false;
            for (int n = 1; n <= 1_000 && !reached; n++) {
                right += random.nextDouble() < 0.95 ? 1 : 0;
                reached = n % 5 == 0 && EProcess.logEvidence(0.95, n, right) >= TWENTY;
            }
            wrong += reached ? 1 : 0;
        }
        assertThat(wrong).isLessThanOrEqualTo(10);
    }

    @Test
    void whatIsNoCountIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> EProcess.logEvidence(0.95, 1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> EProcess.logEvidence(1, 1, 1));
    }
}
