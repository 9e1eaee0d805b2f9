package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.slm.SlmAnswer.Bytes;
import dev.understudy.slm.SlmListener.Token;
import java.util.List;
import org.junit.jupiter.api.Test;

class MarginsTest {
    private final Margins margins = new Margins();

    private void token(int offset, double margin, boolean forced) {
        margins.add(new Token(7, "", Float.NaN, (float) margin, offset, false, forced, List.of()));
    }

    @Test
    void onlyTokensThatTouchAValueCount() {
        token(0, 0.5, false);
        token(4, 3, false);
        token(6, 2, false);
        token(9, -9, false);

        assertThat(margins.over(List.of(new Bytes(5, 8)), 12)).isEqualTo(new Margins.Summary(2, 2.5));
    }

    @Test
    void aTokenThatOnlyBordersOnAValueDoesNotCount() {
        token(0, 1, false);
        token(5, 2, false);
        token(8, 1, false);

        assertThat(margins.over(List.of(new Bytes(5, 8)), 9)).isEqualTo(new Margins.Summary(2, 2));
    }

    @Test
    void aTokenWithoutAnAlternativeDoesNotCount() {
        token(0, -4, true);
        token(2, Double.NaN, false);

        assertThat(margins.over(List.of(new Bytes(0, 4)), 4)).isNull();
        token(3, -0.5, false);
        assertThat(margins.over(List.of(new Bytes(0, 4)), 4)).isEqualTo(new Margins.Summary(-0.5, -0.5));
    }

    @Test
    void allTokensOfACharacterCountWithIt() {
        token(0, 9, false);
        token(2, 0.25, false);
        token(2, 4, false);
        token(2, 5, false);

        assertThat(margins.over(List.of(new Bytes(2, 5)), 5)).isEqualTo(new Margins.Summary(0.25, 9.25 / 3));
    }

    @Test
    void textThatWasHeldBackIsNoToken() {
        margins.add(new Token(-1, "rest", Float.NaN, Float.NaN, 0, false, false, List.of()));

        assertThat(margins.over(List.of(new Bytes(0, 4)), 4)).isNull();
    }
}
