package dev.understudy.serve;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.BodyCoding;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.Locale;

/** A request's body while it is gathered: bounded, and where it is large, counted against the room for all. */
final class BodyBytes implements BodyCoding.Sink {
    private static final int FIRST_BYTES = 4 << 10;
    /** A declared length is trusted with so much memory before its bytes are there; beyond, memory is counted. */
    private static final int TRUSTED_BYTES = 128 << 10;

    private final long declared;
    private final int limit;
    private final BodyRoom room;
    private byte[] bytes;
    private int length;
    private long counted;

    /**
     * @param declared length that is expected; negative when it is not known
     * @param room says how large a body may be
     */
    BodyBytes(long declared, BodyRoom room) {
        this.declared = declared;
        this.limit = room.limits().bytes();
        this.room = room;
        this.bytes = new byte[declared < 0 ? FIRST_BYTES : (int) Math.min(declared, TRUSTED_BYTES)];
    }

    /**
     * Adds the next bytes.
     *
     * @throws ApiFailure when the body is too large, or there is no room for it
     */
    void add(Buffer chunk) throws ApiFailure {
        int added = chunk.length();
        makeRoom(added);
        chunk.getBytes(0, added, bytes, length);
        length += added;
    }

    @Override
    public void add(byte[] chunk, int added) throws ApiFailure {
        makeRoom(added);
        System.arraycopy(chunk, 0, bytes, length, added);
        length += added;
    }

    /** The body; nothing is added after it was taken. */
    byte[] take() {
        if (length < bytes.length) {
            bytes = Arrays.copyOf(bytes, length);
        }
        return bytes;
    }

    /** Gives back what was counted; the bytes may live on with a call for a while. Called once. */
    void release() {
        if (counted > 0) {
            room.give(counted);
            counted = 0;
        }
    }

    private void makeRoom(int added) throws ApiFailure {
        long needed = (long) length + added;
        if (needed > limit) {
            throw tooLarge(limit);
        }
        if (needed > bytes.length) {
            long twice = declared < needed ? 2L * bytes.length : Math.min(declared, 2L * bytes.length);
            int size = (int) Math.min(limit, Math.max(needed, twice));
            if (size > TRUSTED_BYTES) {
                if (!room.take(size - counted)) {
                    throw new ApiFailure(
                            ApiError.SERVER_IS_OVERLOADED, "Too many large requests at the moment. Please try again.");
                }
                counted = size;
            }
            bytes = Arrays.copyOf(bytes, size);
        }
    }

    static ApiFailure tooLarge(int limit) {
        return new ApiFailure(
                ApiError.REQUEST_TOO_LARGE,
                String.format(Locale.ROOT, "The body is larger than %d MiB.", Math.max(1, limit >> 20)));
    }
}
