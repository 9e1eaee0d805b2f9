package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/**
 * Cuts a stream of bytes, split anywhere, into server-sent events. Works on bytes, so a character cut in two does no harm;
 * knows LF, CR and CRLF, mixed too. An event is told as soon as its blank line is there.
 */
public final class EventScanner {
    private static final int EVENT_BYTES = 16 << 20;
    private static final int SMALL = 4 << 10;
    private static final int LARGE = 64 << 10;

    private final Sink sink;
    private byte[] held = new byte[SMALL];
    private int length;
    private int scanned;
    private int eventStart;
    private int lineStart;
    private int lines;
    private boolean onlyLf = true;
    private boolean afterCr;

    /** Told of each event. */
    public interface Sink {
        /**
         * The next event, its blank line included.
         *
         * @param bytes the scanner's own, valid until this method returns
         * @param plain whether it is one line that ends in LF
         */
        void event(byte[] bytes, int from, int to, boolean plain) throws ApiFailure;
    }

    public EventScanner(Sink sink) {
        this.sink = sink;
    }

    /**
     * Takes the next bytes.
     *
     * @throws ApiFailure what the sink throws, or {@code upstream_event_too_large} over 16 MiB without a blank line
     */
    public void feed(Buffer chunk) throws ApiFailure {
        append(chunk);
        int i = scanned;
        if (afterCr && i < length) {
            i = skipLineFeedAt(i);
        }
        while (i < length) {
            byte b = held[i++];
            if (b != '\n' && b != '\r') {
                continue;
            }
            int lineEnd = i - 1;
            if (b == '\r') {
                onlyLf = false;
                afterCr = i == length;
                if (!afterCr && held[i] == '\n') {
                    i++;
                }
            }
            if (lineEnd > lineStart) {
                lines++;
                lineStart = i;
            } else {
                endEvent(i);
            }
        }
        scanned = i;
        compact();
        if (length > EVENT_BYTES) {
            throw new ApiFailure(ApiError.UPSTREAM_EVENT_TOO_LARGE, "The upstream sent an event of more than 16 MiB.");
        }
    }

    /** Whether bytes of an event wait for the rest of it. */
    public boolean holdsPart() {
        return length > 0;
    }

    private int skipLineFeedAt(int at) {
        afterCr = false;
        if (held[at] != '\n') {
            return at;
        }
        // Belongs to the line end that the last chunk was cut in.
        if (eventStart == at) {
            eventStart = at + 1;
        }
        lineStart = at + 1;
        return at + 1;
    }

    private void endEvent(int end) throws ApiFailure {
        int from = eventStart;
        boolean plain = lines == 1 && onlyLf;
        boolean empty = lines == 0;
        eventStart = end;
        lineStart = end;
        lines = 0;
        onlyLf = true;
        if (!empty) {
            sink.event(held, from, end, plain);
        }
    }

    private void append(Buffer chunk) {
        int added = chunk.length();
        if (length + added > held.length) {
            held = Arrays.copyOf(held, Math.max(length + added, 2 * held.length));
        }
        chunk.getBytes(0, added, held, length);
        length += added;
    }

    private void compact() {
        int left = length - eventStart;
        if (eventStart > 0) {
            byte[] target = left == 0 && held.length > LARGE ? new byte[SMALL] : held;
            System.arraycopy(held, eventStart, target, 0, left);
            held = target;
        }
        scanned -= eventStart;
        lineStart -= eventStart;
        length = left;
        eventStart = 0;
    }
}
