package dev.understudy.openai;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The lines of one event that is not in normal form, read by the rules of the HTML standard, section 9.2.6. */
final class EventLines {
    private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);

    private byte @Nullable [] data;
    private String name = "";
    private boolean event;

    /** An event of one data line. */
    EventLines(byte[] data) {
        this.data = data;
    }

    private EventLines() {}

    /** @param first whether it is the stream's first event, which a byte order mark may stand before */
    static EventLines of(byte[] bytes, int from, int to, boolean first) {
        EventLines lines = new EventLines();
        int start = from;
        if (first && to - from >= 3 && bytes[from] == (byte) 0xEF && bytes[from + 1] == (byte) 0xBB) {
            start += 3;
        }
        for (int i = start; i < to; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                lines.line(bytes, start, i);
                start = i + 1;
            }
        }
        return lines;
    }

    /** Whether there is a data line with something on it. */
    boolean hasData() {
        return data != null && data.length > 0;
    }

    /** Whether a line is one that an event stream may have. */
    boolean isEvent() {
        return event;
    }

    /** Whether the event is named {@code error}. */
    boolean isError() {
        return name.equals("error");
    }

    /** What the event is named; empty when it has no name. */
    String name() {
        return name;
    }

    /** The event in normal form: one data line and a blank one. */
    byte[] frame() {
        byte[] json = data == null ? new byte[0] : data;
        byte[] frame = Arrays.copyOf(DATA, DATA.length + json.length + 2);
        System.arraycopy(json, 0, frame, DATA.length, json.length);
        frame[frame.length - 2] = '\n';
        frame[frame.length - 1] = '\n';
        return frame;
    }

    /** Its data alone. */
    byte[] data() {
        return data == null ? new byte[0] : data;
    }

    private void line(byte[] bytes, int from, int to) {
        int colon = from;
        while (colon < to && bytes[colon] != ':') {
            colon++;
        }
        int value = colon + 1 < to && bytes[colon + 1] == ' ' ? colon + 2 : Math.min(colon + 1, to);
        String field = new String(bytes, from, colon - from, StandardCharsets.UTF_8);
        // A line that begins with a colon is a comment.
        event |= (field.isEmpty() && from < to)
                || field.equals("data")
                || field.equals("event")
                || field.equals("id")
                || field.equals("retry");
        if (field.equals("data")) {
            byte[] before = data;
            byte[] line = Arrays.copyOfRange(bytes, value, to);
            // A line break between two data lines can only be white space in JSON, so a blank says the same.
            data = before == null || before.length == 0 ? line : joined(before, line);
        } else if (field.equals("event")) {
            name = new String(bytes, value, to - value, StandardCharsets.UTF_8);
        }
    }

    private static byte[] joined(byte[] before, byte[] line) {
        byte[] both = Arrays.copyOf(before, before.length + 1 + line.length);
        both[before.length] = ' ';
        System.arraycopy(line, 0, both, before.length + 1, line.length);
        return both;
    }
}
