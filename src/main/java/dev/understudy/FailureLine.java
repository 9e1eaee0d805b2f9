package dev.understudy;

import dev.understudy.policy.PolicyRefused;
import dev.understudy.policy.PolicyRefused;
import java.net.BindException;

/** Makes one line for a person out of what stopped the start; broken policies get a line for each problem. */
final class FailureLine {

    private static final int DEPTH = 20;

    private FailureLine() {}

    /** The innermost cause says what happened; what wraps it only says where. */
    static String of(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; i < DEPTH && cause.getCause() != null; i++) {
            cause = cause.getCause();
        }
        if (cause instanceof PolicyRefused refused) {
            return String.valueOf(refused.getMessage());
        }
        String said = cause.getMessage();
        if (said == null || said.isBlank()) {
            said = cause.getClass().getSimpleName();
        }
        if (cause instanceof PolicyRefused) {
            // One line a problem, each with its place in a file.
            return said;
        }
        String line = said.strip().replaceAll("\\s*\\R\\s*", " ");
        return cause instanceof BindException
                ? "a port is taken (" + line + "): see UNDERSTUDY_LISTEN and QUARKUS_HTTP_PORT"
                : "the start failed: " + line;
    }
}
