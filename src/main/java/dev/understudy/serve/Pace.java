package dev.understudy.serve;

import java.time.Duration;

/**
 * The times of a stream towards its client.
 *
 * @param head when a head leaves that has waited for content, after the first target took the question
 * @param keepAlive the longest silence after the head before a sign of life is sent
 * @param stalled how long a client may take nothing
 */
record Pace(Duration head, Duration keepAlive, Duration stalled) {
    /** What clients can rely on. */
    static final Pace PROMISED = new Pace(Duration.ofSeconds(10), Duration.ofSeconds(15), Duration.ofSeconds(60));
}
