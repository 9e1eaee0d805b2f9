package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.model.Readiness;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyStoreTest {
    private static final String BROKEN = Sets.POLICY.replace("model: large", "model: lrage");
    private static final String OTHER = Sets.POLICY.replace("id: rest", "id: other");

    @TempDir
    private Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Memory snapshots = new Memory();

    /** Snapshots in memory. */
    private static final class Memory implements Snapshots {
        private final List<PolicyLoader.Loaded> written = new ArrayList<>();
        private @Nullable PolicyFiles good;

        @Override
        public void write(PolicyFiles files, PolicyLoader.Loaded loaded) {
            written.add(loaded);
        }

        @Override
        public Uni<Optional<PolicyFiles>> lastGood() {
            return Uni.createFrom().item(Optional.ofNullable(good));
        }
    }

    @BeforeEach
    void writeTheWholeSet() throws IOException {
        Files.writeString(folder.resolve("models.yaml"), Sets.MODELS);
        Files.writeString(folder.resolve("access.yaml"), Sets.ACCESS);
        Files.writeString(folder.resolve("policy.yaml"), Sets.POLICY);
    }

    @Test
    void aChangeIsTakenOnceTwoLooksHaveSeenTheSame() throws IOException {
        PolicyStore store = started("refuse");
        List<String> told = new ArrayList<>();
        store.onActivate(set -> told.add(set.revision()));
        String before = store.current().revision();

        Files.writeString(folder.resolve("policy.yaml"), OTHER);
        store.look();
        assertThat(store.current().revision()).isEqualTo(before);
        store.look();
        String after = store.current().revision();
        assertThat(after).isNotEqualTo(before);
        store.look();
        assertThat(told).containsExactly(before, after);
        assertThat(snapshots.written).hasSize(2);
    }

    @Test
    void aFileThatIsStillBeingWrittenIsNotTaken() throws IOException {
        PolicyStore store = started("refuse");
        String before = store.current().revision();
        for (int i = 0; i < 5; i++) {
            Files.writeString(folder.resolve("policy.yaml"), OTHER + "# " + i + "\n");
            store.look();
        }
        assertThat(store.current().revision()).isEqualTo(before);
    }

    @Test
    void aBrokenReloadKeepsTheLastGoodSetUntilTheFilesAreMended() throws IOException {
        PolicyStore store = started("refuse");
        PolicySet before = store.current();
        assertThat(gauge()).isEqualTo(1);

        change(store, BROKEN);
        assertThat(store.current()).isSameAs(before);
        assertThat(gauge()).isZero();
        assertThat(store.lastLoaded().problems()).extracting(Problem::code).contains(Problem.Code.UNKNOWN_MODEL);
        assertThat(snapshots.written.getLast().set()).isNull();

        change(store, OTHER);
        assertThat(store.current().revision()).isNotEqualTo(before.revision());
        assertThat(gauge()).isEqualTo(1);
    }

    @Test
    void aListenerThatFailsStopsNobody() throws IOException {
        PolicyStore store = started("refuse");
        AtomicInteger told = new AtomicInteger();
        AtomicBoolean fail = new AtomicBoolean();
        store.onActivate(set -> {
            if (fail.get()) {
                throw new IllegalStateException("for the test");
            }
        });
        store.onActivate(set -> told.incrementAndGet());
        fail.set(true);
        change(store, OTHER);
        assertThat(told).hasValue(2);
        assertThat(store.current().policies().getFirst().rules().getFirst().id())
                .isEqualTo("p/other");
    }

    @Test
    void theCurrencyInForceStays() throws IOException {
        PolicyStore store = started("refuse");
        PolicySet before = store.current();
        Files.writeString(folder.resolve("models.yaml"), Sets.MODELS.replace("USD", "EUR"));
        assertThat(store.reload().problems()).extracting(Problem::code).containsExactly(Problem.Code.CURRENCY);
        assertThat(store.current()).isSameAs(before);
    }

    @Test
    void aBrokenSetAtTheStartIsRefusedWithEveryProblem() throws IOException {
        Files.writeString(folder.resolve("policy.yaml"), BROKEN.replace("spare", "spaer"));
        assertThatThrownBy(() -> started("refuse"))
                .isInstanceOf(PolicyRefused.class)
                .hasMessageContaining("policy.yaml:7:29  E301")
                .hasMessageContaining("policy.yaml:7:48  E301")
                .hasMessageContaining("2 errors, 0 warnings");
    }

    @Test
    void aBrokenSetAtTheStartMayGiveWayToTheLastGoodOne() throws IOException {
        Files.writeString(folder.resolve("policy.yaml"), BROKEN);
        assertThatThrownBy(() -> started("last-good")).isInstanceOf(PolicyRefused.class);
        snapshots.good = Sets.files(Map.of("policy.yaml", OTHER));
        PolicyStore store = started("last-good");
        assertThat(store.current().policies().getFirst().rules().getFirst().id())
                .isEqualTo("p/other");
        assertThat(gauge()).isZero();
    }

    @Test
    void noCallIsLostWhileSetsAreSwapped() throws Exception {
        PolicyStore store = started("refuse");
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger decided = new AtomicInteger();
        AtomicInteger denied = new AtomicInteger();
        CountDownLatch going = new CountDownLatch(1);
        Thread agent = Thread.ofPlatform().start(() -> {
            Calls calls = new Calls();
            while (!over.get()) {
                var decision = Decider.decide(
                        calls.call(), calls.caller(), calls.signals(), store.current(), model -> Readiness.READY);
                (decision.deny() == null ? decided : denied).incrementAndGet();
                going.countDown();
            }
        });
        going.await();
        for (int i = 0; i < 10; i++) {
            change(store, i % 3 == 2 ? BROKEN : OTHER + "#" + i + "\n");
        }
        over.set(true);
        agent.join();
        assertThat(decided.get()).isPositive();
        assertThat(denied).hasValue(0);
    }

    private void change(PolicyStore store, String policy) throws IOException {
        Files.writeString(folder.resolve("policy.yaml"), policy);
        store.look();
        store.look();
    }

    private double gauge() {
        return meters.get(Meters.POLICY_RELOAD_OK).gauge().value();
    }

    private PolicyStore started(String coldStart) {
        meters.clear();
        PolicyLoader loader = new PolicyLoader(Surroundings.of(Map.of()));
        PolicyStore store = new PolicyStore(loader, folder, coldStart, snapshots, meters);
        store.loadFirst();
        return store;
    }
}
