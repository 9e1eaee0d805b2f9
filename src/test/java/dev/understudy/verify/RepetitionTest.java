package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RepetitionTest {
    @ParameterizedTest
    @CsvSource({
        "'word ', 8, true",
        "'word ', 7, false",
        "'this word ', 6, true",
        "'this word ', 5, false",
        "'I will now do that. ', 4, true",
        "'I will now do that. ', 3, false",
        "'0, ', 63, false",
        "'0, ', 64, true",
        "'ab', 32, true",
        "'ab', 31, false",
        "'東京', 9, true",
        "'東京', 5, false",
        "'| --- ', 100, false",
        "'=', 200, false",
    })
    void roundsOfTheSameAreALoop(String piece, int times, boolean loop) {
        assertThat(Repetition.isIn(piece.repeat(times))).isEqualTo(loop);
        assertThat(Repetition.isIn("At first all was well, and then: " + piece.repeat(times)))
                .isEqualTo(loop);
    }

    @Test
    void aTextThatSaysTheSameWithANumberBeforeItIsALoop() {
        StringBuilder text = new StringBuilder();
        for (int i = 1; i < 20; i++) {
            text.append(i).append(". Please send the parcel back to the shop in its box.\n");
        }
        assertThat(Repetition.isIn(text.toString())).isTrue();
    }

    @Test
    void rowsThatDifferInTheirValuesAreNone() {
        StringBuilder rows = new StringBuilder("[");
        for (int i = 0; i < 200; i++) {
            rows.append("{\"name\": \"n")
                    .append(i)
                    .append("\", \"open\": true, \"rank\": ")
                    .append(i)
                    .append("}, ");
        }
        assertThat(Repetition.isIn(rows.append("{}]").toString())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ha ha ha",
                "No, no, no, no, no! That is not what I meant, and you know it very well.",
                "Dear Anna, thank you for your message. Your order KX-48213 left our house on 12 March and should reach you"
                        + " within three days. If it has not come by then, tell us, and we send another one. The money for"
                        + " the first is with you at once. We are sorry for the trouble, and hope that you will be back."
                        + " Kind regards, the team of the shop in the Grüner Weg.",
            })
    void ordinaryTextsAreNone(String text) {
        assertThat(Repetition.isIn(text)).isFalse();
    }

    @Test
    void aLoopAtTheEndOfALongTextIsSeen() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 6_000; i++) {
            text.append("w").append(i * 7_919 % 6_007).append(' ');
        }
        assertThat(Repetition.isIn(text.toString())).isFalse();
        assertThat(Repetition.isIn(text + "and so on ".repeat(6))).isTrue();
    }
}
