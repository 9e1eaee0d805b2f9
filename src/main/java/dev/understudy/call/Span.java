package dev.understudy.call;

/**
 * A stretch of a call's body, in bytes.
 *
 * @param start offset of the first byte
 * @param end offset after the last byte
 */
public record Span(int start, int end) {
    public Span {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("span: start must be in 0..end, got " + start + ".." + end);
        }
    }

    /** Bytes covered. */
    public int length() {
        return end - start;
    }
}
