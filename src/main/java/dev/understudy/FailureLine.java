package dev.understudy;

import dev.understudy.policy.PolicyRefused;
import java.net.BindException;
import java.sql.SQLException;

/** Makes one line for a person out of what stopped the start; broken policies get a line for each problem. */
final class FailureLine {

    private static final int DEPTH = 20;

    private FailureLine() {}

    /** The innermost cause says what happened; what wraps it only says where. */
    static String of(Throwable failure) {
        Throwable cause = failure;
        boolean ofDatabase = cause instanceof SQLException;
        for (int i = 0; i < DEPTH && cause.getCause() != null; i++) {
            cause = cause.getCause();
            ofDatabase |= cause instanceof SQLException;
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
        if (ofDatabase) {
            return "PostgreSQL cannot be used (" + line + "): see QUARKUS_DATASOURCE_JDBC_URL, _REACTIVE_URL, _USERNAME"
                    + " and _PASSWORD, or set none of them for a server of our own";
        }
        return cause instanceof BindException
                ? "a port is taken (" + line + "): see UNDERSTUDY_LISTEN and QUARKUS_HTTP_PORT"
                : "the start failed: " + line;
    }
}
