package dev.understudy.capture;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A call as it goes to the database: secrets masked, bodies compressed. The run is put in when it is written.
 *
 * @param interaction values of {@link CallTable#INTERACTION}
 * @param attempts values of {@link CallTable#ATTEMPT}, one array a try
 * @param bodies values of {@link CallTable#BODY}; empty unless bodies are kept
 * @param sum what is left of it should its rows be refused
 * @param bytes about what it takes
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
record CallRows(
        UUID id,
        Instant ts,
        Object[] interaction,
        List<Object[]> attempts,
        List<Object[]> bodies,
        UsageSum sum,
        long bytes) {}
