package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketTest {
    private static final long SECOND = 1_000_000_000L;
    /** Near the end of the range, where the monotonic clock may well stand. */
    private static final long START = Math.subtractExact(Long.MAX_VALUE, 5 * SECOND);

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 49, 60, 997, 1_000_000})
    void aFullBucketGivesAMinutesWorthAndNoMore(int perMinute) {
        Bucket bucket = new Bucket(perMinute, START);
        assertThat(bucket.remaining(START)).isEqualTo(perMinute);
        if (perMinute < 1_000) {
            for (int i = 1; i <= perMinute; i++) {
                assertThat(bucket.take(1, START)).isZero();
                assertThat(bucket.remaining(START)).isEqualTo(perMinute - i);
            }
        } else {
            assertThat(bucket.take(perMinute, START)).isZero();
        }
        assertThat(bucket.remaining(START)).isZero();
        assertThat(bucket.take(1, START)).isBetween(1L, 60 * SECOND);
    }

    @Test
    void whatIsRefusedIsHadAfterTheWaitThatWasSaid() {
        Bucket bucket = new Bucket(6, START);
        assertThat(bucket.take(6, START)).isZero();
        assertThat(bucket.take(1, START)).isEqualTo(10 * SECOND);
        assertThat(bucket.take(2, START + 4 * SECOND)).isEqualTo(16 * SECOND);
        assertThat(bucket.take(1, START + 10 * SECOND - 1)).isEqualTo(1);
        assertThat(bucket.take(1, START + 10 * SECOND)).isZero();
        assertThat(bucket.untilFull(START + 10 * SECOND)).isEqualTo(60 * SECOND);
    }

    @Test
    void anIdleBucketHoldsOneMinutesWorthHoweverLongItWaited() {
        Bucket bucket = new Bucket(6, START);
        bucket.take(6, START);
        long later = START + 86_400 * SECOND;
        assertThat(bucket.remaining(later)).isEqualTo(6);
        assertThat(bucket.take(6, later)).isZero();
        assertThat(bucket.take(1, later)).isEqualTo(10 * SECOND);
    }

    @Test
    void aCallTooLargeForTheBucketTakesAllOfItAndOwesTheRest() {
        Bucket bucket = new Bucket(60, START);
        assertThat(bucket.take(1_000, START)).isZero();
        bucket.settle(1_000, 90, START, START);
        assertThat(bucket.remaining(START)).isZero();
        assertThat(bucket.take(1, START)).isEqualTo(31 * SECOND);
    }

    @Test
    void whatWasSetAsideAndNotUsedComesBack() {
        Bucket bucket = new Bucket(60, START);
        bucket.take(50, START);
        assertThat(bucket.take(20, START)).isEqualTo(10 * SECOND);
        bucket.settle(50, 5, START, START + SECOND);
        assertThat(bucket.remaining(START)).isEqualTo(55);
    }

    @Test
    void nothingComesBackTwice() {
        Bucket bucket = new Bucket(60, START);
        bucket.take(60, START);
        long full = START + 60 * SECOND;
        // By then the bucket is full again, and another empties it.
        bucket.take(60, full);
        bucket.settle(60, 0, START, full);
        assertThat(bucket.remaining(full)).isZero();
    }

    @Test
    void whatALongCallOwesCountsFromItsEnd() {
        Bucket bucket = new Bucket(60, START);
        bucket.take(1, START);
        long end = START + 600 * SECOND;
        bucket.settle(1, 31, START, end);
        assertThat(bucket.remaining(end)).isEqualTo(30);
    }

    @Test
    void manyThreadsGetJustWhatThereIs() throws Exception {
        Bucket bucket = new Bucket(1_000, START);
        List<Callable<Integer>> takers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            takers.add(() -> {
                int had = 0;
                for (int take = 0; take < 2_000; take++) {
                    had += bucket.take(1, START) == 0 ? 1 : 0;
                }
                return had;
            });
        }
        int had = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Integer> taker : threads.invokeAll(takers)) {
                had += taker.get();
            }
        }
        assertThat(had).isEqualTo(1_000);
    }
}
