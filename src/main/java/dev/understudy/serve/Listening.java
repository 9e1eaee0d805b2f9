package dev.understudy.serve;

import io.quarkus.tls.TlsConfiguration;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the agents' door is opened and closed.
 *
 * @param at host and port; port 0 is any free one
 * @param tls certificate and protocols; null: without TLS
 * @param drain how long calls under way may go on when the door closes
 */
record Listening(String at, @Nullable TlsConfiguration tls, Duration drain) {
    /** What clients can rely on. */
    static final Duration DRAIN = Duration.ofSeconds(30);

    /** An open door without TLS. */
    static Listening plain(String at) {
        return new Listening(at, null, DRAIN);
    }

    /** Where to listen. */
    String host() {
        int colon = at.lastIndexOf(':');
        return colon < 0 ? "" : at.substring(0, colon).replaceAll("[\\[\\]]", "");
    }

    /**
     * The port, 0 for any.
     *
     * @throws IllegalStateException with one line for a person when it is no number
     */
    int port() {
        int colon = at.lastIndexOf(':');
        try {
            if (colon > 0) {
                return Integer.parseInt(at.substring(colon + 1));
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new IllegalStateException("understudy.listen must be host:port such as 127.0.0.1:8080, was '" + at + "'");
    }
}
