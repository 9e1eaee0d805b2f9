package dev.understudy.capture;

import java.time.Duration;

/**
 * Bounds of what waits for the database.
 *
 * @param calls that may wait; more are lost, and counted
 * @param bytes that they may take together
 * @param batchCalls most calls of one transaction
 * @param batchBytes bytes after which a batch is full
 * @param batchAge longest wait of a call for others of its batch
 * @param leastPause first pause after a failed write; doubled from one to the next
 * @param longestPause last pause
 * @param shutdown longest time for what is left at the end
 */
record CaptureLimits(
        int calls,
        long bytes,
        int batchCalls,
        long batchBytes,
        Duration batchAge,
        Duration leastPause,
        Duration longestPause,
        Duration shutdown) {
    CaptureLimits {
        if (calls < batchCalls || bytes < batchBytes) {
            throw new IllegalArgumentException("limits: a batch must fit into what may wait");
        }
    }

    /** The product's. Half an hour without the database at a few small calls a second fits; an eighth of the heap at most. */
    static CaptureLimits standard(long maxHeap) {
        return new CaptureLimits(
                100_000,
                Math.clamp(maxHeap / 8, 16L << 20, 256L << 20),
                500,
                4L << 20,
                Duration.ofMillis(200),
                Duration.ofMillis(100),
                Duration.ofSeconds(30),
                Duration.ofSeconds(10));
    }
}
