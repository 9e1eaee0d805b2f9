package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.access.HeldIds.Life;
import dev.understudy.access.HeldIds.Owner;
import dev.understudy.call.Secret;
import dev.understudy.testing.Blocking;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Held ids and the rows that outlive the process. */
@QuarkusTest
class HeldIdsQuarkusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Owner BIG = new Owner("big", null);

    @Inject
    HeldIds ids;

    @Inject
    HeldIdTable table;

    @Inject
    Pool pool;

    @Inject
    Vertx vertx;

    /** What the next process would see: nothing in memory, the same database. */
    private RememberedIds afterARestart(InstantSource clock) {
        return new RememberedIds(table, vertx, clock, 10);
    }

    private long rows(String id) {
        return pool.preparedQuery("select count(*) from understudy.sticky_id where id = $1")
                .execute(Tuple.of(id))
                .await()
                .atMost(PATIENCE)
                .iterator()
                .next()
                .getLong(0);
    }

    @Test
    void anIdIsKnownAtOnceAndAfterARestart() {
        Owner forwarded = Owner.of("other", new Secret("sk-a-caller's-own"));
        ids.bind("one", "file-restart", BIG, Life.KEPT);
        ids.bind("one", "resp_restart", forwarded, Life.RESPONSES);
        assertThat(Blocking.get(ids.find("one", List.of("file-restart", "resp_restart"))))
                .containsOnlyKeys("file-restart", "resp_restart")
                .containsEntry("file-restart", BIG)
                .containsEntry("resp_restart", forwarded);
        await().atMost(PATIENCE).until(() -> rows("file-restart") + rows("resp_restart") == 2);

        HeldIds later = afterARestart(InstantSource.system());
        assertThat(Blocking.get(later.find("one", List.of("file-restart", "resp_restart", "file-none"))))
                .containsOnlyKeys("file-restart", "resp_restart")
                .containsEntry("file-restart", BIG)
                .containsEntry("resp_restart", forwarded);
        assertThat(forwarded.credential()).hasSize(8);
    }

    @Test
    void anotherTeamsIdIsAsUnknownAsOneThatNobodyHas() {
        ids.bind("one", "file-mine", BIG, Life.KEPT);
        assertThat(Blocking.get(ids.find("two", List.of("file-mine", "file-nobody's"))))
                .isEmpty();
        await().atMost(PATIENCE).until(() -> rows("file-mine") == 1);
        assertThat(Blocking.get(afterARestart(InstantSource.system()).find("two", List.of("file-mine"))))
                .isEmpty();
    }

    @Test
    void idsOfResponsesEndAfterFortyFiveDaysAndOthersDoNot() {
        ids.bind("one", "resp_old", BIG, Life.RESPONSES);
        ids.bind("one", "batch_old", BIG, Life.KEPT);
        await().atMost(PATIENCE).until(() -> rows("resp_old") + rows("batch_old") == 2);
        Instant late = Instant.now().plus(Duration.ofDays(46));
        RememberedIds then = afterARestart(InstantSource.fixed(late));
        assertThat(Blocking.get(then.find("one", List.of("resp_old", "batch_old"))))
                .containsOnlyKeys("batch_old");
        assertThat(Blocking.get(afterARestart(InstantSource.fixed(late.minus(Duration.ofDays(2))))
                        .find("one", List.of("resp_old"))))
                .containsOnlyKeys("resp_old");
        then.purge().await().atMost(PATIENCE);
        assertThat(rows("resp_old")).isZero();
        assertThat(rows("batch_old")).isOne();
    }

    @Test
    void whatIsDeletedIsForgottenForGood() {
        ids.bind("one", "file-gone", BIG, Life.KEPT);
        await().atMost(PATIENCE).until(() -> rows("file-gone") == 1);
        ids.forget("one", "file-gone");
        assertThat(Blocking.get(ids.find("one", List.of("file-gone")))).isEmpty();
        await().atMost(PATIENCE).until(() -> rows("file-gone") == 0);
        assertThat(Blocking.get(ids.find("one", List.of("file-gone")))).isEmpty();
    }

    @Test
    void whatWaitsIsWrittenWhenTheGatewayStops() {
        RememberedIds stopping = new RememberedIds(table, vertx, InstantSource.system(), 2_000);
        for (int i = 0; i < 1_200; i++) {
            stopping.bind("stopping", "file-" + i, BIG, Life.KEPT);
        }
        stopping.flush();
        assertThat(stopping.waiting()).isZero();
        assertThat(pool.query("select count(*) from understudy.sticky_id where team = 'stopping'")
                        .execute()
                        .await()
                        .atMost(PATIENCE)
                        .iterator()
                        .next()
                        .getLong(0))
                .isEqualTo(1_200);
    }
}
