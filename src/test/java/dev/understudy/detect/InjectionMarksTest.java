package dev.understudy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InjectionMarksTest {
    @Test
    void findsEveryPhraseWhateverItsCaseAndBlanks() {
        for (String phrase : InjectionMarks.PHRASES) {
            assertThat(InjectionMarks.isIn("Dear agent, " + phrase + "!"))
                    .as(phrase)
                    .isTrue();
            assertThat(InjectionMarks.isIn(phrase.toUpperCase(Locale.ROOT).replace(" ", " \r\n\t ")))
                    .as(phrase)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "ignore", "please ignore the previous invoice", "ignoreprevious instructions", "naïve ignore"
            })
    void findsNothingInHonestText(String text) {
        assertThat(InjectionMarks.isIn(text)).isFalse();
    }
}
