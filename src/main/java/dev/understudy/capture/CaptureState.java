package dev.understudy.capture;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How writing goes.
 *
 * @param waiting calls that are not yet in the database
 * @param written calls whose rows or sums were written since the start
 * @param lost calls of which nothing but a count is left
 * @param databaseReachable whether the last attempt to write went well
 * @param lastWritten when rows were last written; null: not since the start
 */
public record CaptureState(
        int waiting,
        long written,
        long lost,
        boolean databaseReachable,
        @Nullable Instant lastWritten) {}
