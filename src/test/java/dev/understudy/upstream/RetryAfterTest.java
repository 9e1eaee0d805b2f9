package dev.understudy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {
    private static final Instant NOW = Instant.parse("2026-11-06T08:49:00Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "none|0",
                "7|7",
                "' 0.2 '|1",
                "0|0",
                "-3|0",
                "soon|0",
                "99999999999|2147483647",
                "NaN|0",
                "Fri, 06 Nov 2026 08:49:37 GMT|37",
                "Fri, 06 Nov 2026 08:48:37 GMT|0"
            })
    void secondsAndDatesAreUnderstood(String header, int seconds) {
        assertThat(RetryAfter.seconds(header, NOW)).isEqualTo(seconds);
    }
}
