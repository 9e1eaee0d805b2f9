package dev.understudy.access;

import org.jspecify.annotations.Nullable;

/**
 * The store of keys cannot be reached and this key is not among those remembered: nobody can say yet who is calling.
 * Worth trying again, unlike {@link AccessDenied}. It carries no stack trace of its own.
 */
public final class KeysUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    public KeysUnavailable(@Nullable Throwable cause) {
        super("API keys cannot be checked at the moment. Please try again.", cause, false, false);
    }
}
