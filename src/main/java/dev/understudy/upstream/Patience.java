package dev.understudy.upstream;

import dev.understudy.call.Call;
import dev.understudy.model.ModelCard;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long one answer may take, in nanoseconds from the send but for {@code idle}, which counts from the last byte. A
 * client's own time limit only lowers what the card says, and counts from the call's arrival.
 *
 * @param connect to a connection
 * @param head to the head of a stream; a JSON answer has only its total
 * @param firstContent to the first content of a stream
 * @param idle between two pieces of a stream
 * @param total of the whole answer
 * @param hasty whether the client's limit is well below the card's, so that meeting it says nothing of the upstream
 */
public record Patience(long connect, long head, long firstContent, long idle, long total, boolean hasty) {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /**
     * Of one call.
     *
     * @param nowNanos of the monotonic clock
     */
    static Patience of(ModelCard.Limits limits, Call call, long nowNanos) {
        long client = clientNanos(call.headers());
        long whole = client == NO_LIMIT ? NO_LIMIT : Math.max(0, client - (nowNanos - call.receivedNanos()));
        long connect = Math.min(limits.connect().toNanos(), whole);
        if (!call.stream()) {
            long total = limits.timeout().toNanos();
            long least = Math.min(total, whole);
            return new Patience(connect, least, least, least, least, isHasty(whole, total));
        }
        long head = limits.head().toNanos();
        return new Patience(
                connect,
                Math.min(head, whole),
                limits.firstToken().toNanos(),
                limits.idle().toNanos(),
                limits.streamTimeout().toNanos(),
                isHasty(whole, head));
    }

    /**
     * How long the client itself waits for the head of an answer, from the call's arrival; the largest number when it
     * does not say.
     *
     * @param headers of the call, names in lower case
     */
    public static long clientNanos(Map<String, String> headers) {
        return Math.min(seconds(headers.get("x-stainless-read-timeout")), seconds(headers.get("x-stainless-timeout")));
    }

    /** Clients send their library's default, which may be the card's own less the time that the call has been here. */
    private static boolean isHasty(long clients, long cards) {
        return clients < cards - cards / 10;
    }

    private static long seconds(@Nullable String header) {
        if (header == null) {
            return NO_LIMIT;
        }
        try {
            double seconds = Double.parseDouble(header.strip());
            return seconds > 0 && seconds < TimeUnit.NANOSECONDS.toSeconds(Long.MAX_VALUE)
                    ? Duration.ofMillis((long) (seconds * 1_000)).toNanos()
                    : NO_LIMIT;
        } catch (NumberFormatException e) {
            return NO_LIMIT;
        }
    }
}
