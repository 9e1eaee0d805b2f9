package dev.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Interaction;
import dev.understudy.telemetry.Meters;
import dev.understudy.testing.SampleCalls;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CaptureQueueTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final CaptureLimits SMALL = new CaptureLimits(
            100,
            10L << 20,
            10,
            1L << 20,
            Duration.ofMillis(50),
            Duration.ofMillis(5),
            Duration.ofMillis(40),
            Duration.ofSeconds(5));

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<CallLine> live = new CopyOnWriteArrayList<>();
    private final FakeSink sink = new FakeSink();
    private final SampleCalls calls = SampleCalls.at(NOON);
    private CaptureQueue queue = queue(SMALL);

    private CaptureQueue queue(CaptureLimits limits) {
        CaptureQueue made = new CaptureQueue(
                limits,
                new RowMaker(new ArgumentsHash(new byte[32])),
                sink,
                live::addAll,
                meters,
                InstantSource.system(),
                new Random(1));
        made.start();
        return made;
    }

    @AfterEach
    void end() {
        sink.away = false;
        queue.close();
    }

    @Test
    void storesEachCallOnceInTheOrderInWhichTheyCame() {
        List<UUID> sent = new ArrayList<>();
        for (int i = 0; i < 57; i++) {
            Interaction call = calls.next();
            sent.add(call.call().id());
            queue.record(call);
        }
        await().until(() -> queue.state().written() == 57);
        assertThat(sink.ids()).isEqualTo(sent);
        assertThat(sink.stored).allMatch(batch -> batch.calls().size() <= 10);
        assertThat(queue.state().waiting()).isZero();
    }

    @Test
    void keepsWhatCameWhileTheDatabaseWasAway() {
        sink.away = true;
        for (int i = 0; i < 60; i++) {
            queue.record(calls.next());
        }
        await().until(() -> sink.tries.get() > 2);
        assertThat(queue.state().databaseReachable()).isFalse();
        assertThat(live).as("lines show all the same").hasSize(60);
        sink.away = false;
        await().until(() -> queue.state().written() == 60);
        assertThat(queue.state().lost()).isZero();
        assertThat(queue.state().databaseReachable()).isTrue();
    }

    @Test
    void countsWhatFindsNoRoomAndLeavesItsSums() {
        sink.away = true;
        long before = System.nanoTime();
        for (int i = 0; i < 150; i++) {
            queue.record(calls.next());
        }
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
        assertThat(queue.state().waiting()).isEqualTo(100);
        assertThat(queue.state().lost()).isEqualTo(50);
        assertThat(meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "full").count())
                .isEqualTo(50);
        sink.away = false;
        await().until(() -> queue.state().waiting() == 0 && sink.summed(UsageSum.Why.SHED) == 50);
        assertThat(sink.ids()).hasSize(100);
        assertThat(queue.state().written()).isEqualTo(100);
    }

    @Test
    void boundsTheBytesThatWait() {
        queue.close();
        queue = queue(new CaptureLimits(
                100,
                100_000,
                10,
                50_000,
                Duration.ofMillis(50),
                Duration.ofMillis(5),
                Duration.ofMillis(40),
                Duration.ofSeconds(5)));
        sink.away = true;
        String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"" + "x".repeat(60_000) + "\"}]}";
        queue.record(calls.withBody(body).next());
        queue.record(calls.withBody(body).next());
        assertThat(queue.state().waiting()).isEqualTo(1);
        assertThat(queue.state().lost()).isEqualTo(1);
    }

    @Test
    void leavesOutTheOneRowThatTheDatabaseRefuses() {
        Interaction bad = calls.next();
        sink.refused.add(bad.call().id());
        for (int i = 0; i < 9; i++) {
            queue.record(calls.next());
            if (i == 4) {
                queue.record(bad);
            }
        }
        await().until(() -> sink.summed(UsageSum.Why.QUARANTINED) == 1);
        assertThat(sink.ids()).hasSize(9).doesNotContain(bad.call().id());
        assertThat(meters.counter(Meters.CAPTURE_LOST, Meters.REASON, "refused").count())
                .isEqualTo(1);
        await().until(() -> queue.state().waiting() == 0);
    }

    @Test
    void writesSumsOnlyWhereNoRowIsWanted() {
        for (int i = 0; i < 5; i++) {
            queue.record(calls.withRecord(CaptureOrder.Level.NONE).next());
        }
        await().until(() -> sink.summed(UsageSum.Why.NONE) == 5);
        assertThat(sink.ids()).isEmpty();
        assertThat(queue.state().written()).isEqualTo(5);
    }

    @Test
    void flushesWhatIsLeftWhenItIsClosed() {
        for (int i = 0; i < 57; i++) {
            queue.record(calls.next());
        }
        queue.close();
        assertThat(sink.ids()).hasSize(57);
    }

    @Test
    void countsWhatItCannotFlush() {
        queue.close();
        queue = queue(new CaptureLimits(
                100,
                10L << 20,
                10,
                1L << 20,
                Duration.ofMillis(50),
                Duration.ofMillis(5),
                Duration.ofMillis(40),
                Duration.ofMillis(200)));
        sink.away = true;
        for (int i = 0; i < 12; i++) {
            queue.record(calls.next());
        }
        queue.close();
        assertThat(queue.state().lost()).isEqualTo(12);
        queue.record(calls.next());
    }

    /** A database in memory that can be away, and that refuses some calls. */
    private static final class FakeSink implements BatchSink {
        private final List<CaptureBatch> stored = new CopyOnWriteArrayList<>();
        private final Set<UUID> refused = new HashSet<>();
        private volatile boolean away;
        private final AtomicInteger tries = new AtomicInteger();

        @Override
        public Uni<Void> store(CaptureBatch batch) {
            tries.incrementAndGet();
            if (away) {
                return Uni.createFrom().failure(new IOException("connection refused"));
            }
            for (CallRows call : batch.calls()) {
                if (refused.contains(call.id())) {
                    return Uni.createFrom().failure(new BatchSink.Refused("22P05"));
                }
            }
            stored.add(batch);
            return Uni.createFrom().voidItem();
        }

        List<UUID> ids() {
            return stored.stream()
                    .flatMap(batch -> batch.calls().stream())
                    .map(CallRows::id)
                    .toList();
        }

        int summed(UsageSum.Why why) {
            return stored.stream()
                    .flatMap(batch -> batch.sums().stream())
                    .filter(sum -> sum.sum().key().why() == why)
                    .mapToInt(sum -> sum.sum().calls())
                    .sum();
        }
    }
}
