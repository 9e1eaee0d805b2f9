package dev.understudy.capture;

import dev.understudy.call.Attempt;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Interaction;
import dev.understudy.call.LateAttempt;
import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the event loops and the writer. Offering costs a queue's link and three counters; one thread empties the
 * queue some twenty times a second, shows the calls live, makes rows of them and hands them to the {@link CaptureWriter}.
 * What waits is bounded by count and bytes from the offer until the commit.
 */
final class CaptureQueue implements Recorder, CaptureWatch, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(CaptureQueue.class);
    private static final long TURN_MILLIS = 50;
    private static final int TURN_CALLS = 500;
    private static final long OVERHEAD_BYTES = 4_096;
    /** The team of callers that nobody knows: of their calls there are only sums. */
    private static final String NOBODY = "-";

    /**
     * A call in the queue.
     *
     * @param interaction null when there was no room for it and only its line is shown
     */
    private record Taken(
            long seq, long bytes, CallLine line, @Nullable Interaction interaction) {}

    /** A try that ended after its call. */
    private record Late(long bytes, LateAttempt attempt) {}

    private final CaptureLimits limits;
    private final RowMaker maker;
    private final CaptureWriter writer;
    private final Consumer<List<CallLine>> live;
    private final ScheduledExecutorService thread;

    private final Queue<Taken> queue = new ConcurrentLinkedQueue<>();
    private final Queue<Late> late = new ConcurrentLinkedQueue<>();
    private final ConcurrentHashMap<UsageSum.Key, UsageSum> shed = new ConcurrentHashMap<>();
    private final AtomicLong seq = new AtomicLong();
    private final AtomicInteger waitingCalls = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final AtomicLong writtenCalls = new AtomicLong();
    private final AtomicLong lostCalls = new AtomicLong();
    private volatile boolean reachable = true;
    private volatile @Nullable Instant lastWritten;

    private final Counter written;
    private final Counter lostFull;
    private final Counter lostRefused;
    private final Counter lostUnreadable;
    private final Counter lostAtEnd;
    private final Counter lostLate;

    CaptureQueue(
            CaptureLimits limits,
            RowMaker maker,
            BatchSink sink,
            Consumer<List<CallLine>> live,
            MeterRegistry meters,
            InstantSource clock,
            RandomGenerator random) {
        this.limits = limits;
        this.maker = maker;
        this.live = live;
        this.thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("capture").daemon().factory());
        this.writer = new CaptureWriter(sink, limits, thread, clock, random, new Account(clock));
        this.written = meters.counter(Meters.CAPTURE_WRITTEN);
        this.lostFull = meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "full");
        this.lostRefused = meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "refused");
        this.lostUnreadable = meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "unreadable");
        this.lostAtEnd = meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "stopped");
        this.lostLate = meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "mirror");
        meters.gauge(Meters.CAPTURE_QUEUE, waitingCalls);
    }

    /** Begins to empty the queue. */
    void start() {
        var _ = thread.scheduleWithFixedDelay(this::turn, TURN_MILLIS, TURN_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void record(Interaction interaction) {
        try {
            long number = seq.incrementAndGet();
            long bytes = weigh(interaction);
            CallLine line = CallLine.of(interaction);
            Taken taken = admit(bytes) ? new Taken(number, bytes, line, interaction) : shed(number, line, interaction);
            if (taken == null) {
                return;
            }
            queue.add(taken);
            if (queued.incrementAndGet() >= limits.batchCalls() && woken.compareAndSet(false, true)) {
                thread.execute(this::turn);
            }
        } catch (RejectedExecutionException e) {
            // the end: what is left is counted when the thread is stopped
            LOG.debug("capture is over", e);
        } catch (RuntimeException e) {
            lose(lostUnreadable, 1);
            LOG.error("call not recorded", e);
        }
    }

    @Override
    public void record(LateAttempt attempt) {
        if (attempt.level() == CaptureOrder.Level.NONE) {
            return;
        }
        long bytes = OVERHEAD_BYTES + weigh(attempt.attempt());
        boolean roomy = waitingCalls.get() < limits.calls() / 2 && waitingBytes.get() < limits.bytes() / 2;
        if (roomy && admit(bytes)) {
            late.add(new Late(bytes, attempt));
        } else {
            lostLate.increment();
        }
    }

    /** Keeps the sums of a call for which there is no room; its line still shows unless even lines are too many. */
    private @Nullable Taken shed(long number, CallLine line, Interaction interaction) {
        lose(lostFull, 1);
        UsageSum sum = UsageSum.of(interaction, UsageSum.Why.SHED);
        shed.merge(sum.key(), sum, UsageSum::plus);
        return queued.get() < limits.calls() ? new Taken(number, 0, line, null) : null;
    }

    private boolean admit(long bytes) {
        if (waitingCalls.incrementAndGet() > limits.calls()) {
            waitingCalls.decrementAndGet();
            return false;
        }
        if (waitingBytes.addAndGet(bytes) > limits.bytes()) {
            waitingBytes.addAndGet(-bytes);
            waitingCalls.decrementAndGet();
            return false;
        }
        return true;
    }

    private static long weigh(Interaction interaction) {
        long bytes = OVERHEAD_BYTES + interaction.call().body().length;
        for (Attempt attempt : interaction.attempts()) {
            bytes += weigh(attempt);
        }
        return bytes;
    }

    private static long weigh(Attempt attempt) {
        long bytes = attempt.answer() == null ? 0 : attempt.answer().bytes().length;
        return bytes + (attempt.rawText() == null ? 0 : 2L * attempt.rawText().length());
    }

    private void lose(Counter counter, int calls) {
        counter.increment(calls);
        lostCalls.addAndGet(calls);
    }

    /** One look at the queue; on the capture thread. */
    private void turn() {
        try {
            woken.set(false);
            List<Taken> taken = new ArrayList<>();
            for (Taken next = queue.poll(); next != null; next = queue.poll()) {
                taken.add(next);
                if (taken.size() == TURN_CALLS) {
                    break;
                }
            }
            queued.addAndGet(-taken.size());
            if (!taken.isEmpty()) {
                show(taken);
                taken.forEach(this::prepare);
            }
            for (int i = 0; i < TURN_CALLS && !late.isEmpty(); i++) {
                prepare(late.remove());
            }
            for (UsageSum.Key key : shed.keySet()) {
                UsageSum sum = shed.remove(key);
                if (sum != null) {
                    writer.add(sum);
                }
            }
            writer.send();
            if (taken.size() == TURN_CALLS) {
                thread.execute(this::turn);
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("capture is over", e);
        } catch (RuntimeException e) {
            LOG.error("capture stumbled", e);
        }
    }

    private void show(List<Taken> taken) {
        try {
            live.accept(taken.stream().map(Taken::line).toList());
        } catch (RuntimeException e) {
            LOG.warn("live lines not shown", e);
        }
    }

    private void prepare(Taken taken) {
        Interaction interaction = taken.interaction();
        if (interaction == null) {
            return;
        }
        if (RowMaker.level(interaction) == CaptureOrder.Level.NONE
                || interaction.caller().team().equals(NOBODY)) {
            waitingBytes.addAndGet(-taken.bytes());
            writer.add(UsageSum.of(interaction, UsageSum.Why.NONE));
            return;
        }
        try {
            CallRows rows = maker.rows(taken.seq(), interaction);
            waitingBytes.addAndGet(rows.bytes() - taken.bytes());
            writer.add(rows);
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            // the message might tell what was in the call, the class does not
            LOG.errorf(
                    "call unreadable %s=%s %s=%s",
                    Keys.CALL,
                    interaction.call().id(),
                    Keys.REASON,
                    e.getClass().getSimpleName());
            lose(lostUnreadable, 1);
            waitingBytes.addAndGet(-taken.bytes());
            writer.add(UsageSum.of(interaction, UsageSum.Why.QUARANTINED));
        }
    }

    private void prepare(Late taken) {
        try {
            CallRows rows = maker.rows(taken.attempt());
            waitingBytes.addAndGet(rows.bytes() - taken.bytes());
            writer.add(rows);
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            LOG.errorf(
                    "mirror unreadable %s=%s %s=%s",
                    Keys.CALL,
                    taken.attempt().call().id(),
                    Keys.REASON,
                    e.getClass().getSimpleName());
            waitingBytes.addAndGet(-taken.bytes());
            waitingCalls.decrementAndGet();
            lostLate.increment();
        }
    }

    /** Keeps the books; told by the writer. */
    private final class Account implements CaptureWriter.Account {
        private final InstantSource clock;

        Account(InstantSource clock) {
            this.clock = clock;
        }

        @Override
        public void written(CaptureBatch batch) {
            waitingCalls.addAndGet(-batch.admitted());
            waitingBytes.addAndGet(-batch.bytes());
            writtenCalls.addAndGet(batch.kept());
            written.increment(batch.kept());
            lastWritten = clock.instant();
        }

        @Override
        public void refused(CallRows call) {
            waitingBytes.addAndGet(-call.bytes());
            if (call.isCall()) {
                lose(lostRefused, 1);
            } else {
                waitingCalls.decrementAndGet();
                lostLate.increment();
            }
        }

        @Override
        public void refused(CaptureBatch batch) {
            waitingCalls.addAndGet(-batch.admitted());
        }

        @Override
        public void reachable(boolean yes) {
            reachable = yes;
        }
    }

    @Override
    public CaptureState state() {
        return new CaptureState(waitingCalls.get(), writtenCalls.get(), lostCalls.get(), reachable, lastWritten);
    }

    /**
     * Writes what is left, as long as the limits allow; what then is left is lost, and counted. A second call does
     * nothing.
     */
    @Override
    public void close() {
        if (thread.isShutdown()) {
            return;
        }
        CountDownLatch done = new CountDownLatch(1);
        thread.execute(writer::hurry);
        var _ = thread.scheduleWithFixedDelay(
                () -> {
                    turn();
                    if (queue.isEmpty() && late.isEmpty() && shed.isEmpty() && writer.isIdle()) {
                        done.countDown();
                    }
                },
                0,
                5,
                TimeUnit.MILLISECONDS);
        Duration longest = limits.shutdown();
        try {
            if (!done.await(longest.toMillis(), TimeUnit.MILLISECONDS)) {
                int left = waitingCalls.get();
                lose(lostAtEnd, left);
                LOG.errorf("calls lost at the end %s=%d", Keys.COUNT, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            thread.shutdownNow();
        }
    }
}
