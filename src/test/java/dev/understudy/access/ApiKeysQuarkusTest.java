package dev.understudy.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Caller;
import dev.understudy.policy.PolicyStore;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Keys in the database, asked for from wherever calls come in. */
@QuarkusTest
class ApiKeysQuarkusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Inject
    ApiKeys keys;

    @Inject
    CallerLookup lookup;

    @Inject
    PolicyStore policies;

    @Inject
    Pool pool;

    @Inject
    Vertx vertx;

    private Uni<Caller> find(String key) {
        return lookup.find(
                "Bearer " + key, null, false, Map.of(), policies.current().access());
    }

    @Test
    void aKeyIsGoodFromItsMakingToItsRevocation() {
        ApiKeys.Made made =
                keys.create("local", "default", "test", null).await().atMost(PATIENCE);
        assertThat(made.toString()).doesNotContain(made.key());
        assertThat(find(made.key()).await().atMost(PATIENCE).keyId())
                .isEqualTo(made.record().id());
        assertThat(keys.list().await().atMost(PATIENCE)).contains(made.record());

        assertThat(keys.revoke(made.record().prefix()).await().atMost(PATIENCE)).isPresent();
        lookup.forgetKeys();
        assertThatThrownBy(() -> find(made.key()).await().atMost(PATIENCE))
                .cause()
                .isInstanceOfSatisfying(
                        AccessDenied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(AccessDenied.Reason.REVOKED));
    }

    @Test
    void onlyTheDigestIsStored() {
        ApiKeys.Made made = keys.create("local", "default", null, null).await().atMost(PATIENCE);
        Row row = pool.preparedQuery("select api_key::text as all, sha256 from understudy.api_key where prefix = $1")
                .execute(Tuple.of(made.record().prefix()))
                .await()
                .atMost(PATIENCE)
                .iterator()
                .next();
        assertThat(row.getString("all")).doesNotContain(made.key().substring(13));
        assertThat(new KeyDigest(row.getBuffer("sha256").getBytes())).isEqualTo(KeyDigest.of(made.key()));
    }

    @Test
    void theRightPrefixWithAnotherSecretIsUnknown() {
        ApiKeys.Made made = keys.create("local", "default", null, null).await().atMost(PATIENCE);
        String forged = made.key().substring(0, 13) + "0".repeat(32);
        assertThatThrownBy(() -> find(forged).await().atMost(PATIENCE))
                .cause()
                .isInstanceOfSatisfying(
                        AccessDenied.class,
                        denied -> assertThat(denied.reason()).isEqualTo(AccessDenied.Reason.UNKNOWN));
    }

    @Test
    void anEventLoopOfItsOwnServerMayAsk() throws Exception {
        ApiKeys.Made made = keys.create("local", "default", null, null).await().atMost(PATIENCE);
        Context loop = ((ContextInternal) vertx.getOrCreateContext()).unwrap();
        CompletableFuture<Caller> caller = new CompletableFuture<>();
        loop.runOnContext(
                nothing -> find(made.key()).subscribe().with(caller::complete, caller::completeExceptionally));
        assertThat(caller.get(20, TimeUnit.SECONDS).team()).isEqualTo("local");
    }
}
