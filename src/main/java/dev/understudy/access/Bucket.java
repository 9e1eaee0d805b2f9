package dev.understudy.access;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A token bucket that holds one minute's worth and is refilled all the time, in one number: the moment at which it will
 * be full again. Taking moves that moment into the future, time passing brings it nearer, and a take that would move it
 * further than a minute away is refused. (The generic cell rate algorithm of ITU-T I.371 is the same thing seen from the
 * other side.) Safe to use from every thread, without locks.
 *
 * <p>Units are kept as nanoseconds of refilling, each take rounded down to a whole one, so that a bucket of n gives n.
 */
final class Bucket {
    private static final long MINUTE = 60_000_000_000L;
    /** Makes up for what a division loses. */
    private static final double GRAIN = 1e-6;

    private final int perMinute;
    private final double nanosPerUnit;
    private final AtomicLong fullAt;
    /** When it was last seen full; what was taken before has been made good since. */
    private volatile long seenFullAt;

    /**
     * A full bucket.
     *
     * @param now monotonic nanoseconds, as in every other method
     */
    Bucket(int perMinute, long now) {
        this.perMinute = perMinute;
        this.nanosPerUnit = (double) MINUTE / perMinute;
        this.fullAt = new AtomicLong(now);
        this.seenFullAt = now;
    }

    /** Units that it holds when full, which are those that one minute refills. */
    int perMinute() {
        return perMinute;
    }

    /**
     * Takes so many units, or all when it cannot hold so many.
     *
     * @return 0 when they were had; else the nanoseconds until they would be, and nothing was taken
     */
    long take(long units, long now) {
        long weight = weight(units);
        while (true) {
            long before = fullAt.get();
            boolean full = before - now <= 0;
            long after = (full ? now : before) + weight;
            long wait = after - now - MINUTE;
            if (wait > 0) {
                return wait;
            }
            if (fullAt.compareAndSet(before, after)) {
                if (full) {
                    seenFullAt = now;
                }
                return 0;
            }
        }
    }

    /**
     * Corrects a take of {@code reserved} units to {@code used}. What was used beyond is owed: it is taken even where
     * the bucket is empty, and the next callers wait for it. What was not used comes back, unless the bucket has been
     * full since, when all of it has come back already.
     *
     * @param takenAt the moment of the take
     */
    void settle(long reserved, long used, long takenAt, long now) {
        // A call beyond all that the bucket holds took all of it.
        long difference = (long) (used * nanosPerUnit) - weight(reserved);
        if (difference > 0) {
            owe(difference, now);
        } else if (seenFullAt - takenAt <= 0) {
            fullAt.addAndGet(difference);
        }
    }

    private void owe(long weight, long now) {
        long before;
        do {
            before = fullAt.get();
        } while (!fullAt.compareAndSet(before, (before - now < 0 ? now : before) + weight));
    }

    /** Units that may be taken at once. */
    long remaining(long now) {
        long empty = Math.max(0, fullAt.get() - now);
        return empty >= MINUTE ? 0 : (long) ((MINUTE - empty) / nanosPerUnit + GRAIN);
    }

    /** Nanoseconds until it is full. */
    long untilFull(long now) {
        return Math.max(0, fullAt.get() - now);
    }

    private long weight(long units) {
        return (long) (Math.min(units, perMinute) * nanosPerUnit);
    }
}
