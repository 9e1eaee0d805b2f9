package dev.understudy.serve;

import io.vertx.core.buffer.Buffer;
import java.util.Arrays;

/** Gathers a request's body, bounded while it arrives. */
final class BodyBytes {
    private static final int FIRST_BYTES = 4 << 10;
    /** A declared length is trusted with so much memory before its bytes are there. */
    private static final int TRUSTED_BYTES = 1 << 20;

    private final int limit;
    private byte[] bytes;
    private int length;

    /**
     * @param declared length that the request declares; negative when it declares none
     * @param limit bytes that a body may have
     */
    BodyBytes(long declared, int limit) {
        this.limit = limit;
        this.bytes = new byte[declared < 0 ? FIRST_BYTES : (int) Math.min(declared, TRUSTED_BYTES)];
    }

    /** Adds the next bytes; false when the body is too large. */
    boolean add(Buffer chunk) {
        int added = chunk.length();
        if ((long) length + added > limit) {
            return false;
        }
        if (length + added > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(limit, Math.max(length + added, 2L * bytes.length)));
        }
        chunk.getBytes(0, added, bytes, length);
        length += added;
        return true;
    }

    /** The body; nothing is added after it was taken. */
    byte[] take() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }
}
