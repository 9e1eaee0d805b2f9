package dev.understudy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BreakerTest implements Breaker.Watcher {
    private static final long SECOND = 1_000_000_000L;

    private final List<String> told = new ArrayList<>();
    private final Breaker breaker = new Breaker(this);
    // a clock that passes zero on the way
    private long now = -7 * SECOND;

    @Override
    public void opened(Duration time) {
        told.add("opened for " + time.toSeconds());
    }

    @Override
    public void closed() {
        told.add("closed");
    }

    @Test
    void halfOfTwentyAnswersFailingOpensIt() {
        count(10, Breaker.Verdict.GOOD);
        count(9, Breaker.Verdict.FAILED);
        assertThat(breaker.level()).isZero();
        count(1, Breaker.Verdict.FAILED);
        assertThat(told).containsExactly("opened for 5");
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.REFUSED);
        assertThat(breaker.waitSeconds(now)).isEqualTo(5);
        assertThat(breaker.waitSeconds(now + SECOND + 1)).isEqualTo(4);
        assertThat(breaker.level()).isEqualTo(2);
    }

    @Test
    void fewerThanHalfDoNot() {
        for (int i = 0; i < 1_000; i++) {
            count(11, Breaker.Verdict.GOOD);
            count(9, Breaker.Verdict.FAILED);
        }
        assertThat(told).isEmpty();
    }

    @Test
    void fewerThanTwentyDoNot() {
        count(19, Breaker.Verdict.FAILED);
        count(1_000, Breaker.Verdict.NEITHER);
        assertThat(told).isEmpty();
    }

    @Test
    void whatIsOlderThanTwentySecondsIsForgotten() {
        count(19, Breaker.Verdict.FAILED);
        now += 20 * SECOND;
        count(19, Breaker.Verdict.FAILED);
        assertThat(told).isEmpty();
        now += 10 * SECOND;
        count(1, Breaker.Verdict.FAILED);
        assertThat(told).containsExactly("opened for 5");
    }

    @Test
    void oneProbePassesAndItsHeadCloses() {
        trip();
        now += 5 * SECOND;
        assertThat(breaker.waitSeconds(now)).isZero();
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
        assertThat(breaker.level()).isEqualTo(1);
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.REFUSED);
        // one that was sent before it opened says nothing
        breaker.over(Breaker.Pass.FREE, Breaker.Verdict.FAILED, now);
        breaker.over(Breaker.Pass.FREE, Breaker.Verdict.GOOD, now);
        breaker.answering(Breaker.Pass.FREE, now);
        assertThat(breaker.level()).isEqualTo(1);
        breaker.answering(Breaker.Pass.PROBE, now);
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.FREE);
        breaker.over(Breaker.Pass.PROBE, Breaker.Verdict.GOOD, now);
        assertThat(told).containsExactly("opened for 5", "closed");
        // and begins to count anew
        count(18, Breaker.Verdict.FAILED);
        assertThat(breaker.level()).isZero();
    }

    @Test
    void eachProbeThatFailsDoublesTheWaitUpToAMinute() {
        trip();
        for (int wait : new int[] {5, 10, 20, 40, 60, 60}) {
            assertThat(breaker.admit(now + wait * SECOND - 1)).isEqualTo(Breaker.Pass.REFUSED);
            now += wait * SECOND;
            assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
            breaker.over(Breaker.Pass.PROBE, Breaker.Verdict.FAILED, now);
        }
        assertThat(told)
                .containsExactly(
                        "opened for 5",
                        "opened for 10",
                        "opened for 20",
                        "opened for 40",
                        "opened for 60",
                        "opened for 60",
                        "opened for 60");
    }

    @Test
    void aProbeWhoseClientLeavesMakesWayForTheNext() {
        trip();
        now += 5 * SECOND;
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
        breaker.over(Breaker.Pass.PROBE, Breaker.Verdict.NEITHER, now);
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
    }

    @Test
    void aProbeThatTakesLongMakesWayToo() {
        trip();
        now += 5 * SECOND;
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
        assertThat(breaker.waitSeconds(now)).isEqualTo(5);
        now += 5 * SECOND;
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.REFUSED);
    }

    @Test
    void whoWantsToBeLeftAloneIs() {
        breaker.leaveAlone(Duration.ofSeconds(60), now);
        breaker.leaveAlone(Duration.ofSeconds(60), now - SECOND);
        assertThat(breaker.waitSeconds(now)).isEqualTo(60);
        assertThat(told).containsExactly("opened for 60");
        now += 60 * SECOND;
        assertThat(breaker.admit(now)).isEqualTo(Breaker.Pass.PROBE);
    }

    @Test
    void threadsOpenItOnceAndSendOneProbe() throws InterruptedException {
        AtomicInteger opened = new AtomicInteger();
        Breaker shared = new Breaker(new Breaker.Watcher() {
            @Override
            public void opened(Duration time) {
                opened.incrementAndGet();
            }

            @Override
            public void closed() {}
        });
        AtomicInteger probes = new AtomicInteger();
        together(() -> shared.over(Breaker.Pass.FREE, Breaker.Verdict.FAILED, 0));
        together(() -> {
            if (shared.admit(5 * SECOND) == Breaker.Pass.PROBE) {
                probes.incrementAndGet();
            }
        });
        assertThat(opened).hasValue(1);
        assertThat(probes).hasValue(1);
    }

    private static void together(Runnable what) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 2_000; i++) {
                    what.run();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private void trip() {
        count(Breaker.LEAST_ANSWERS, Breaker.Verdict.FAILED);
    }

    private void count(int times, Breaker.Verdict verdict) {
        for (int i = 0; i < times; i++) {
            breaker.over(breaker.admit(now), verdict, now);
        }
    }
}
