package dev.understudy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SlotsTest {
    @Test
    void placesAreTakenThenQueuedThenRefused() {
        Slots slots = new Slots(1, 1);
        List<String> granted = new ArrayList<>();
        assertThat(slots.take(() -> granted.add("a"))).isEqualTo(Slots.Outcome.TAKEN);
        assertThat(slots.take(() -> granted.add("b"))).isEqualTo(Slots.Outcome.QUEUED);
        assertThat(slots.take(() -> granted.add("c"))).isEqualTo(Slots.Outcome.REFUSED);
        assertThat(granted).isEmpty();
        slots.give();
        assertThat(granted).containsExactly("b");
        slots.give();
        assertThat(slots.free()).isEqualTo(1);
    }

    @Test
    void whoGaveUpWaitingLeavesTheQueueToOthers() {
        Slots slots = new Slots(1, 1);
        List<String> granted = new ArrayList<>();
        Slots.Waiter impatient = () -> granted.add("impatient");
        assertThat(slots.take(() -> granted.add("a"))).isEqualTo(Slots.Outcome.TAKEN);
        assertThat(slots.take(impatient)).isEqualTo(Slots.Outcome.QUEUED);
        slots.leave(impatient);
        assertThat(slots.take(() -> granted.add("b"))).isEqualTo(Slots.Outcome.QUEUED);
        slots.give();
        assertThat(granted).containsExactly("b");
    }

    @Test
    void noPlaceIsLostBetweenThreads() throws InterruptedException {
        Slots slots = new Slots(3, 8_000);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 2_000; i++) {
                    Slots.Waiter work = () -> {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        inside.decrementAndGet();
                        done.incrementAndGet();
                    };
                    if (slots.take(() -> {
                                work.granted();
                                slots.give();
                            })
                            == Slots.Outcome.TAKEN) {
                        work.granted();
                        slots.give();
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(done.get()).isEqualTo(8_000);
        assertThat(most.get()).isLessThanOrEqualTo(3);
        assertThat(slots.free()).isEqualTo(3);
    }
}
