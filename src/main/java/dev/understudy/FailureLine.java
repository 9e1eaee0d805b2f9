package dev.understudy;

import java.net.BindException;

/** Makes one line for a person out of what stopped the start. */
final class FailureLine {

    private static final int DEPTH = 20;

    private FailureLine() {}

    /** The innermost cause says what happened; what wraps it only says where. */
    static String of(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; i < DEPTH && cause.getCause() != null; i++) {
            cause = cause.getCause();
        }
        String said = cause.getMessage();
        if (said == null || said.isBlank()) {
            said = cause.getClass().getSimpleName();
        }
        String line = said.strip().replaceAll("\\s*\\R\\s*", " ");
        return cause instanceof BindException
                ? "a port is taken (" + line + "): see UNDERSTUDY_LISTEN and QUARKUS_HTTP_PORT"
                : "the start failed: " + line;
    }
}
