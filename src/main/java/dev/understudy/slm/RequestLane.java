package dev.understudy.slm;

import dev.understudy.slm.SlmListener.Prompt;
import dev.understudy.slm.SlmListener.Token;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What one request has to be told, on its way from the decode thread to its own executor. The decode thread only puts
 * and wakes; at most one drain of a lane runs or waits at a time.
 */
final class RequestLane {
    private static final Logger LOG = Logger.getLogger(RequestLane.class);
    /** Text that may wait undelivered; an executor that is further behind loses the request. */
    private static final int MAX_WAITING_CHARACTERS = 64 << 10;

    private final Executor executor;
    private final SlmListener listener;
    private final Queue<Object> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingCharacters = new AtomicInteger();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private @Nullable SlmException failure;

    RequestLane(Executor executor, SlmListener listener) {
        this.executor = executor;
        this.listener = listener;
    }

    /** Decode thread. False: the executor is too far behind. */
    boolean put(Token token) {
        // counted before it can be taken out again
        int characters = waitingCharacters.addAndGet(token.text().length());
        waiting.add(token);
        return characters <= MAX_WAITING_CHARACTERS;
    }

    /** Decode thread. */
    void put(Prompt progress) {
        waiting.add(progress);
    }

    /** Decode thread. The result follows. */
    void fail(SlmException why) {
        failure = why;
    }

    /** Decode thread. Gives the result back, with the failure that was told before. */
    SlmResult put(SlmResult result) {
        SlmResult whole = failure == null ? result : result.because(failure);
        waiting.add(whole);
        return whole;
    }

    /** Decode thread, once a step. False: the executor takes no more work, so nobody is told. */
    boolean wake() {
        if (waiting.isEmpty() || !scheduled.compareAndSet(false, true)) {
            return true;
        }
        try {
            executor.execute(this::drain);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void drain() {
        do {
            Object next = waiting.poll();
            while (next != null) {
                try {
                    deliver(next);
                } catch (RuntimeException e) {
                    // the lane must go on: its end is still to be told
                    LOG.error("an event of a small model was not taken", e);
                }
                next = waiting.poll();
            }
            scheduled.set(false);
            // what was put between the last poll and here found the lane scheduled
        } while (!waiting.isEmpty() && scheduled.compareAndSet(false, true));
    }

    private void deliver(Object event) {
        switch (event) {
            case Token token -> {
                waitingCharacters.addAndGet(-token.text().length());
                listener.token(token);
            }
            case Prompt progress -> listener.prompt(progress);
            case SlmResult result -> listener.done(result);
            default -> throw new IllegalStateException("no such event: " + event.getClass());
        }
    }
}
