package dev.understudy.upstream;

import dev.understudy.model.ModelCard;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long one answer may take, in nanoseconds from the send but for {@code idle}, which counts from the last byte. A
 * client's own time limit only lowers what the card says.
 *
 * @param head to the head of a stream; a JSON answer has only its total
 * @param firstContent to the first content of a stream
 * @param idle between two pieces of a stream
 * @param total of the whole answer
 */
record Patience(long head, long firstContent, long idle, long total) {
    /**
     * Of one call.
     *
     * @param headers of the call, names in lower case
     */
    static Patience of(ModelCard.Limits limits, boolean stream, Map<String, String> headers) {
        long read = seconds(headers.get("x-stainless-read-timeout"));
        long whole = Math.min(read, seconds(headers.get("x-stainless-timeout")));
        if (!stream) {
            long total = Math.min(limits.timeout().toNanos(), whole);
            return new Patience(total, total, total, total);
        }
        return new Patience(
                Math.min(limits.head().toNanos(), whole),
                limits.firstToken().toNanos(),
                limits.idle().toNanos(),
                limits.streamTimeout().toNanos());
    }

    private static long seconds(@Nullable String header) {
        if (header == null) {
            return Long.MAX_VALUE;
        }
        try {
            double seconds = Double.parseDouble(header.strip());
            return seconds > 0 && seconds < TimeUnit.NANOSECONDS.toSeconds(Long.MAX_VALUE)
                    ? Duration.ofMillis((long) (seconds * 1_000)).toNanos()
                    : Long.MAX_VALUE;
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }
}
