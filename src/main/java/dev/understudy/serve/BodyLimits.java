package dev.understudy.serve;

import java.time.Duration;

/**
 * What a request may cost before it is understood.
 *
 * @param bytes that a body may have, as sent and unpacked
 * @param head time from the first byte of a head to its last
 * @param idle time that a body may be silent
 * @param total time from the head to the end of a body
 * @param linger how long a client that is refused may be silent, if it was still sending, before its connection is closed
 * @param room bytes that all large bodies may hold together
 */
record BodyLimits(int bytes, Duration head, Duration idle, Duration total, Duration linger, long room) {
    BodyLimits {
        if (bytes < 1 || room < bytes) {
            throw new IllegalArgumentException(
                    "bytes must be positive and not above room, were " + bytes + ", " + room);
        }
    }

    /** The door's own. */
    static BodyLimits standard() {
        int bytes = 64 << 20;
        long quarter = Runtime.getRuntime().maxMemory() / 4;
        return new BodyLimits(
                bytes,
                Duration.ofSeconds(10),
                Duration.ofSeconds(15),
                Duration.ofSeconds(120),
                Duration.ofSeconds(1),
                Math.max(2L * bytes, quarter));
    }
}
