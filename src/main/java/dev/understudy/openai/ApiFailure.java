package dev.understudy.openai;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A call that ends in an error of ours. Made without a stack trace: it is an answer, not a fault.
 *
 * <p>The message is for the caller: what was wrong, which field or limit, what to do. It holds no content, key or
 * address; names that the caller sent go through {@link #echo}.
 */
public final class ApiFailure extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int ECHOED_CHARACTERS = 128;

    private final ApiError error;
    private final int status;
    private final String code;
    private final @Nullable String param;

    public ApiFailure(ApiError error, String message) {
        this(error, message, null);
    }

    /** A failure of one field. */
    public ApiFailure(ApiError error, String message, @Nullable String param) {
        this(error, error.status(), error.code(), message, param);
    }

    private ApiFailure(ApiError error, int status, String code, String message, @Nullable String param) {
        super(message, null, false, false);
        this.error = error;
        this.status = status;
        this.code = code;
        this.param = param;
    }

    /** A rule's own refusal, with the status and code that its author chose. */
    public static ApiFailure denied(int status, String code, String message, @Nullable String param) {
        return new ApiFailure(ApiError.POLICY_DENIED, status, code, message, param);
    }

    /** The row of the table. */
    public ApiError error() {
        return error;
    }

    /** HTTP status: the row's, or a rule's own. */
    public int status() {
        return status;
    }

    /** The code on the wire: the row's, or a rule's own. */
    public String code() {
        return code;
    }

    /** The field at fault, or null. */
    public @Nullable String param() {
        return param;
    }

    /** The message, which is never absent. */
    public String message() {
        return String.valueOf(getMessage());
    }

    /** A name that the caller sent, fit to be shown: at most 128 characters, controls and broken surrogates replaced. */
    public static String echo(String name) {
        StringBuilder shown = new StringBuilder(Math.min(name.length(), ECHOED_CHARACTERS) + 1);
        for (int i = 0; i < name.length(); i++) {
            if (i == ECHOED_CHARACTERS) {
                return shown.append('…').toString();
            }
            char c = name.charAt(i);
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < Math.min(name.length(), ECHOED_CHARACTERS)
                    && Character.isLowSurrogate(name.charAt(i + 1));
            if (pair) {
                shown.append(c).append(name.charAt(++i));
            } else {
                shown.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '\uFFFD' : c);
            }
        }
        return shown.toString();
    }
}
