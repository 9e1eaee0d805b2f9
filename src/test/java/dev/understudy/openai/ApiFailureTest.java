package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiFailureTest {
    @ParameterizedTest
    @CsvSource({
        "a\u0000b\u001Bc, a\uFFFDb\uFFFDc",
        "a\uD83D\uDE00b, a\uD83D\uDE00b",
        "\uD83Da\uDE00, \uFFFDa\uFFFD",
        "a\uD83D, a\uFFFD",
        "caf\u00E9, caf\u00E9",
    })
    void aNameIsShownWithoutWhatATerminalOrAReaderWouldTripOver(String name, String shown) {
        assertThat(ApiFailure.echo(name)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"128, 128, false", "129, 128, true", "70000, 128, true"})
    void aLongNameIsCut(int length, int shown, boolean cut) {
        assertThat(ApiFailure.echo("x".repeat(length))).isEqualTo("x".repeat(shown) + (cut ? "\u2026" : ""));
    }
}
