package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClopperPearsonTest {
    @ParameterizedTest
    @CsvSource({
        "0.90, 0, 29",
        "0.90, 1, 46",
        "0.90, 5, 103",
        "0.90, 20, 286",
        "0.95, 0, 59",
        "0.95, 1, 93",
        "0.95, 2, 124",
        "0.95, 3, 153",
        "0.95, 5, 208",
        "0.95, 10, 336",
        "0.95, 20, 577",
        "0.98, 0, 149",
        "0.98, 10, 845",
        "0.99, 0, 299",
        "0.99, 20, 2902"
    })
    void soManyRowsAreTheLeastThatCertifyWithSoManyWrong(double p0, int wrong, int rows) {
        assertThat(ClopperPearson.lower(rows - wrong, rows, 0.95)).isGreaterThanOrEqualTo(p0);
        assertThat(ClopperPearson.lower(rows - 1 - wrong, rows - 1, 0.95)).isLessThan(p0);
    }

    @Test
    void boundsLieAroundTheShareAndMirrorEachOther() {
        assertThat(ClopperPearson.lower(0, 10, 0.95)).isZero();
        assertThat(ClopperPearson.upper(10, 10, 0.95)).isEqualTo(1);
        assertThat(ClopperPearson.lower(10, 10, 0.95)).isCloseTo(Math.pow(0.05, 0.1), within(1e-12));
        assertThat(ClopperPearson.lower(90, 100, 0.95)).isCloseTo(0.836, within(0.001));
        assertThat(ClopperPearson.upper(90, 100, 0.95)).isCloseTo(0.945, within(0.001));
        assertThat(ClopperPearson.lower(0, 0, 0.95)).isZero();
        assertThat(ClopperPearson.upper(0, 0, 0.95)).isEqualTo(1);
    }

    @Test
    void whatIsNoShareIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ClopperPearson.lower(11, 10, 0.95));
        assertThatIllegalArgumentException().isThrownBy(() -> ClopperPearson.lower(-1, 10, 0.95));
        assertThatIllegalArgumentException().isThrownBy(() -> ClopperPearson.lower(1, 10, 1));
    }
}
