package dev.understudy.slm;

import java.nio.charset.StandardCharsets;

/**
 * A failure of the engine, by number. The message may quote the request: it goes to the caller and into the attempt,
 * never into a log.
 */
public final class SlmException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Code code;
    private final int retryMillis;

    /** What went wrong; the numbers are those of {@code errors.h}. */
    public enum Code {
        INVALID(1),
        MODEL_LOAD(2),
        CONTEXT(3),
        OVERLOADED(4),
        CONTEXT_LENGTH(5),
        INTERNAL(6),
        CANCELLED(7),
        CLOSED(8),
        DEADLINE(10),
        UNSUPPORTED(11);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        static Code of(int number) {
            for (Code code : values()) {
                if (code.number == number) {
                    return code;
                }
            }
            return INTERNAL;
        }
    }

    public SlmException(Code code, String message) {
        this(code, message, 0);
    }

    SlmException(Code code, String message, int retryMillis) {
        super(message);
        this.code = code;
        this.retryMillis = retryMillis;
    }

    /** Called by the native library. */
    SlmException(int code, byte[] message, int retryMillis) {
        this(Code.of(code), new String(message, StandardCharsets.UTF_8), retryMillis);
    }

    public Code code() {
        return code;
    }

    /** After how many milliseconds another try may fare better; 0 when nobody can say. */
    public int retryMillis() {
        return retryMillis;
    }
}
