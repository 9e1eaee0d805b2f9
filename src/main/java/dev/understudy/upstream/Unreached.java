package dev.understudy.upstream;

import io.netty.channel.ConnectTimeoutException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** Says in words why an upstream was not reached; never where it is. */
final class Unreached {
    /** No connection within the time that there is for one. */
    static final String TOO_LATE = "could not be connected to in time.";

    private static final int DEPTH = 10;

    private Unreached() {}

    /** The rest of a sentence that begins with the upstream. */
    static String why(Throwable cause) {
        Throwable each = cause;
        for (int i = 0; i < DEPTH && each != null; i++) {
            switch (each) {
                case ConnectTimeoutException timeout -> {
                    return TOO_LATE;
                }
                case TimeoutException waited -> {
                    return TOO_LATE;
                }
                case ConnectException refused -> {
                    return "refused the connection: is it running, and is its base URL right?";
                }
                case UnknownHostException unknown -> {
                    return "has a base URL whose host name is not known.";
                }
                case SSLException tls -> {
                    return "could not be trusted: its TLS certificate was not accepted.";
                }
                default -> each = each.getCause();
            }
        }
        return "closed the connection before it answered.";
    }
}
