package dev.understudy.upstream;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The places of one model, shared by all event loops: so many answers at a time, and a bounded queue of those who wait.
 * Whoever takes a place gives it back exactly once.
 */
final class Slots {
    private final AtomicInteger free;
    private final AtomicInteger queued = new AtomicInteger();
    private final Queue<Waiter> queue = new ConcurrentLinkedQueue<>();
    private final int queueLimit;

    /**
     * @param limit answers at a time
     * @param queueLimit those who may wait
     */
    Slots(int limit, int queueLimit) {
        this.free = new AtomicInteger(limit);
        this.queueLimit = queueLimit;
    }

    /** Asks for a place: had at once, told later by {@link Waiter#granted()}, or refused. */
    Outcome take(Waiter waiter) {
        if (takeFree()) {
            return Outcome.TAKEN;
        }
        if (queued.incrementAndGet() > queueLimit) {
            queued.decrementAndGet();
            return Outcome.REFUSED;
        }
        queue.add(waiter);
        // A place may have come free between the first look and the entry in the queue.
        serveQueue();
        return Outcome.QUEUED;
    }

    /** Gives a place back. */
    void give() {
        free.incrementAndGet();
        serveQueue();
    }

    /** Gives up waiting. Who is granted a place at the same moment keeps it and gives it back. */
    void leave(Waiter waiter) {
        if (queue.remove(waiter)) {
            queued.decrementAndGet();
        }
    }

    /** Places that are free. */
    int free() {
        return free.get();
    }

    private void serveQueue() {
        while (!queue.isEmpty() && takeFree()) {
            Waiter next = queue.poll();
            if (next == null) {
                free.incrementAndGet();
            } else {
                queued.decrementAndGet();
                next.granted();
            }
        }
    }

    private boolean takeFree() {
        int now = free.get();
        while (now > 0) {
            if (free.compareAndSet(now, now - 1)) {
                return true;
            }
            now = free.get();
        }
        return false;
    }

    /** Someone in the queue. */
    interface Waiter {
        /** A place is theirs; called once, on any thread. */
        void granted();
    }

    /** The answer to {@link #take}. */
    enum Outcome {
        TAKEN,
        QUEUED,
        REFUSED
    }
}
