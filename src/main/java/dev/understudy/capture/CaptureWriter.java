package dev.understudy.capture;

import dev.understudy.call.Uuid7;
import dev.understudy.telemetry.Keys;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Brings rows to a sink in batches, one at a time, oldest first. A sink that is away is asked again until it is back; a
 * row that it refuses is found by halving and left out. All methods are called on the one thread of {@code capture}.
 */
final class CaptureWriter {
    private static final Logger LOG = Logger.getLogger(CaptureWriter.class);

    /** Told what became of calls; on the writer's thread. */
    interface Account {
        /** A batch is in the database. */
        void written(CaptureBatch batch);

        /** A call's rows were refused; it goes into a sum, of a try alone nothing is left. */
        void refused(CallRows call);

        /** A sum was refused: of its calls nothing is left. */
        void refused(CaptureBatch batch);

        /** Whether the sink answers. */
        void reachable(boolean yes);
    }

    private final BatchSink sink;
    private final CaptureLimits limits;
    private final ScheduledExecutorService thread;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Account account;

    private final Deque<CallRows> waiting = new ArrayDeque<>();
    private final Map<UsageSum.Key, UsageSum> sums = new LinkedHashMap<>();
    private long waitingBytes;
    private @Nullable Instant oldest;

    /** What is on its way, in the order in which it must go; the first is with the sink or about to be. */
    private final Deque<CaptureBatch> going = new ArrayDeque<>();

    private boolean busy;
    private int failures;
    private boolean hurry;

    CaptureWriter(
            BatchSink sink,
            CaptureLimits limits,
            ScheduledExecutorService thread,
            InstantSource clock,
            RandomGenerator random,
            Account account) {
        this.sink = sink;
        this.limits = limits;
        this.thread = thread;
        this.clock = clock;
        this.random = random;
        this.account = account;
    }

    /** Takes the rows of a call. */
    void add(CallRows call) {
        waiting.add(call);
        waitingBytes += call.bytes();
        age();
    }

    /** Takes a call of which only sums are written. */
    void add(UsageSum sum) {
        sums.merge(sum.key(), sum, UsageSum::plus);
        age();
    }

    private void age() {
        if (oldest == null) {
            oldest = clock.instant();
        }
    }

    /** Whether all that came has gone. */
    boolean isIdle() {
        return !busy && going.isEmpty() && waiting.isEmpty() && sums.isEmpty();
    }

    /** From here on nothing waits for company. */
    void hurry() {
        hurry = true;
    }

    /** Sends a batch when one is due and none is on its way. */
    void send() {
        if (busy) {
            return;
        }
        if (going.isEmpty()) {
            if (!due()) {
                return;
            }
            going.add(next());
        }
        busy = true;
        CaptureBatch batch = going.getFirst();
        sink.store(batch)
                .subscribe()
                .with(done -> onThread(() -> stored(batch)), failure -> onThread(() -> failed(batch, failure)));
    }

    private boolean due() {
        if (waiting.isEmpty() && sums.isEmpty()) {
            return false;
        }
        return hurry
                || waiting.size() >= limits.batchCalls()
                || waitingBytes >= limits.batchBytes()
                || (oldest != null && Duration.between(oldest, clock.instant()).compareTo(limits.batchAge()) >= 0);
    }

    private CaptureBatch next() {
        List<CallRows> calls = new ArrayList<>();
        long bytes = 0;
        while (!waiting.isEmpty() && calls.size() < limits.batchCalls() && bytes < limits.batchBytes()) {
            CallRows call = waiting.removeFirst();
            bytes += call.bytes();
            calls.add(call);
        }
        waitingBytes -= bytes;
        oldest = waiting.isEmpty() ? null : clock.instant();
        List<CaptureBatch.Sum> lines = new ArrayList<>();
        for (UsageSum sum : sums.values()) {
            lines.add(new CaptureBatch.Sum(Uuid7.of(sum.first(), random), sum));
        }
        sums.clear();
        return new CaptureBatch(calls, lines);
    }

    private void stored(CaptureBatch batch) {
        busy = false;
        going.removeFirst();
        account.written(batch);
        if (failures > 0) {
            LOG.infof("capture recovered tries=%d", failures);
        }
        failures = 0;
        account.reachable(true);
        send();
    }

    private void failed(CaptureBatch batch, Throwable failure) {
        if (failure instanceof BatchSink.Refused refused) {
            busy = false;
            account.reachable(true);
            going.removeFirst();
            if (batch.isSingle()) {
                leaveOut(batch, refused);
            } else {
                List<CaptureBatch> halves = batch.halves();
                going.addFirst(halves.get(1));
                going.addFirst(halves.get(0));
            }
            send();
            return;
        }
        if (failures == 0) {
            LOG.warnf(
                    "capture waits for the database %s=%s",
                    Keys.REASON, failure.getClass().getSimpleName());
        }
        failures++;
        account.reachable(false);
        after(pause(), () -> {
            busy = false;
            send();
        });
    }

    private void leaveOut(CaptureBatch batch, BatchSink.Refused refused) {
        if (batch.calls().isEmpty()) {
            LOG.errorf("usage sum refused state=%s %s=%d", refused.state(), Keys.COUNT, batch.admitted());
            account.refused(batch);
            return;
        }
        CallRows call = batch.calls().getFirst();
        LOG.errorf("call refused by the database %s=%s state=%s", Keys.CALL, call.id(), refused.state());
        account.refused(call);
        UsageSum left = call.sum();
        if (left != null) {
            add(left);
        }
    }

    /** Doubles with each failure, then a random share of it is taken, so that many gateways do not come back at once. */
    private Duration pause() {
        int doublings = Math.min(failures - 1, 20);
        long nanos = Math.min(
                limits.leastPause().toNanos() << doublings,
                limits.longestPause().toNanos());
        return Duration.ofNanos((long) (nanos * (0.5 + random.nextDouble() / 2)));
    }

    private void onThread(Runnable work) {
        after(Duration.ZERO, work);
    }

    private void after(Duration pause, Runnable work) {
        try {
            var _ = thread.schedule(
                    () -> {
                        try {
                            work.run();
                        } catch (RuntimeException e) {
                            LOG.error("capture stumbled", e);
                        }
                    },
                    pause.toNanos(),
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("capture is over", e);
        }
    }
}
