package dev.understudy.upstream;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** How long an upstream wants to be left alone (RFC 9110, section 10.2.3): seconds, or a date. */
final class RetryAfter {
    private RetryAfter() {}

    /**
     * In seconds.
     *
     * @param now the gateway's clock, for dates
     * @return 0 when the header is absent, not understood or past
     */
    static int seconds(@Nullable String header, Instant now) {
        if (header == null) {
            return 0;
        }
        String said = header.strip();
        try {
            double seconds = Double.parseDouble(said);
            return seconds > 0 ? (int) Math.min(Math.ceil(seconds), Integer.MAX_VALUE) : 0;
        } catch (NumberFormatException e) {
            return secondsUntil(said, now);
        }
    }

    private static int secondsUntil(String date, Instant now) {
        try {
            long seconds = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toEpochSecond()
                    - now.getEpochSecond();
            return (int) Math.clamp(seconds, 0, Integer.MAX_VALUE);
        } catch (DateTimeException e) {
            return 0;
        }
    }
}
