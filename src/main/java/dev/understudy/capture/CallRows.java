package dev.understudy.capture;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A call, or a try that ended after its call, as it goes to the database: secrets masked, bodies compressed. The run is put in when it is written.
 *
 * @param interaction values of {@link CallTable#INTERACTION}; null for a try alone
 * @param attempts values of {@link CallTable#ATTEMPT}, one array a try
 * @param bodies values of {@link CallTable#BODY}; empty unless bodies are kept
 * @param sum what is left of it should its rows be refused; null for a try alone
 * @param bytes about what it takes
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
record CallRows(
        UUID id,
        Instant ts,
        Object @Nullable [] interaction,
        List<Object[]> attempts,
        List<Object[]> bodies,
        @Nullable UsageSum sum,
        long bytes) {
    /** Whether it is a whole call's. */
    boolean isCall() {
        return interaction != null;
    }
}
