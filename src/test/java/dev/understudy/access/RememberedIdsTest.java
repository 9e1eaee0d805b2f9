package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.understudy.access.HeldIds.Life;
import dev.understudy.access.HeldIds.Owner;
import dev.understudy.testing.Blocking;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Held ids while their store comes and goes. */
class RememberedIdsTest {
    private static final Owner BIG = new Owner("big", null);
    private static final Owner OTHER = new Owner("other", null);

    private final Vertx vertx = Vertx.vertx();
    private final Rows rows = new Rows();
    private Instant now = Instant.parse("2026-11-24T12:00:00Z");
    private final RememberedIds ids = new RememberedIds(rows, vertx, () -> now, 3);

    @AfterEach
    void close() {
        Blocking.get(vertx.close());
    }

    @Test
    void changesWaitWhileTheDatabaseIsAwayAndAreWrittenWhenItComesBack() {
        rows.away = true;
        ids.bind("t", "a", BIG, Life.KEPT);
        await().until(() -> rows.refused.get() > 0);
        assertThat(Blocking.get(ids.find("t", List.of("a")))).containsExactly(Map.entry("a", BIG));
        assertThatThrownBy(() -> Blocking.get(ids.find("t", List.of("a", "b"))))
                .hasRootCauseInstanceOf(IllegalStateException.class)
                .rootCause()
                .hasMessage("away");
        rows.away = false;
        await().until(() -> rows.stored.containsKey(new HeldIdRows.Key("t", "a")));
        assertThat(ids.waiting()).isZero();
    }

    @Test
    void noMoreChangesWaitThanTheBoundAndAllAreInForce() {
        rows.away = true;
        for (String id : List.of("a", "b", "c", "d")) {
            ids.bind("t", id, BIG, Life.KEPT);
        }
        assertThat(ids.waiting()).isEqualTo(3);
        assertThat(Blocking.get(ids.find("t", List.of("a", "b", "c", "d")))).hasSize(4);
        ids.forget("t", "a");
        assertThat(ids.waiting()).isEqualTo(3);
        assertThat(Blocking.get(ids.find("t", List.of("a", "b", "c", "d")))).hasSize(3);
    }

    @Test
    void anIdThatIsShownAgainIsWrittenOnlyWhenSomethingChanged() {
        ids.bind("t", "a", BIG, Life.RESPONSES);
        await().until(() -> rows.writes.get() == 1 && ids.waiting() == 0);
        now = now.plus(Duration.ofHours(23));
        ids.bind("t", "a", BIG, Life.RESPONSES);
        assertThat(ids.waiting()).isZero();
        now = now.plus(Duration.ofHours(2));
        ids.bind("t", "a", BIG, Life.RESPONSES);
        assertThat(ids.waiting()).isOne();
        ids.bind("t", "a", OTHER, Life.RESPONSES);
        await().until(() -> ids.waiting() == 0);
        assertThat(rows.stored.values()).extracting(HeldIdRows.Held::owner).containsExactly(OTHER);
    }

    @Test
    void memoryHoldsTheLatestIdsAndTheOthersAreAskedForAgain() {
        List<String> many =
                IntStream.range(0, 60_000).mapToObj(i -> "resp_" + i).toList();
        HeldIdRows.Held held = new HeldIdRows.Held(BIG, null);
        many.forEach(id -> rows.stored.put(new HeldIdRows.Key("t", id), held));
        assertThat(Blocking.get(ids.find("t", many))).hasSize(many.size());
        assertThat(ids.rememberedIds()).isBetween(10_000L, 30_000L);
        assertThat(Blocking.get(ids.find("t", many))).hasSize(many.size());
        assertThat(rows.asked.get()).isEqualTo(2);
    }

    @Test
    void anIdThatNoProviderWouldMakeIsNeverHeld() {
        for (String id : List.of("", "a b", "a\u0000", "a\u007f", "ä", "x".repeat(513))) {
            ids.bind("t", id, BIG, Life.KEPT);
            assertThat(Blocking.get(ids.find("t", List.of(id)))).isEmpty();
        }
        assertThat(ids.waiting()).isZero();
        assertThat(rows.asked.get()).isZero();
    }

    @Test
    void stoppingWritesWhatWaitsAndEndsWhenNothingDoes() {
        for (String id : List.of("a", "b")) {
            ids.bind("t", id, BIG, Life.KEPT);
        }
        ids.flush();
        assertThat(rows.stored).hasSize(2);
        ids.flush();
        assertThat(ids.waiting()).isZero();
    }

    @Test
    void encryptedContentIsFoundByItsDigest() {
        assertThat(HeldIds.ofContent("abc"))
                .isEqualTo("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    /** Rows in memory that can be put out of reach. */
    private static final class Rows implements HeldIdRows {
        private final Map<Key, Held> stored = new ConcurrentHashMap<>();
        private final AtomicInteger writes = new AtomicInteger();
        private final AtomicInteger refused = new AtomicInteger();
        private final AtomicInteger asked = new AtomicInteger();
        private volatile boolean away;

        private <T> Uni<T> unlessAway(Uni<T> work) {
            return Uni.createFrom().deferred(() -> {
                if (away) {
                    refused.incrementAndGet();
                    return Uni.createFrom().failure(new IllegalStateException("away"));
                }
                return work;
            });
        }

        @Override
        public Uni<Map<String, Held>> find(String team, Collection<String> wanted, Instant now) {
            asked.incrementAndGet();
            return unlessAway(Uni.createFrom().item(() -> {
                Map<String, Held> found = new HashMap<>();
                for (String id : wanted) {
                    Held held = stored.get(new Key(team, id));
                    if (held != null && held.isGood(now)) {
                        found.put(id, held);
                    }
                }
                return found;
            }));
        }

        @Override
        public Uni<Void> write(Map<Key, Held> changed) {
            return unlessAway(Uni.createFrom().voidItem().invoke(() -> {
                stored.putAll(changed);
                writes.incrementAndGet();
            }));
        }

        @Override
        public Uni<Void> delete(List<Key> keys) {
            return unlessAway(Uni.createFrom().voidItem().invoke(() -> keys.forEach(stored::remove)));
        }

        @Override
        public Uni<Integer> purge(Instant now) {
            return unlessAway(Uni.createFrom().item(0));
        }
    }
}
