package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The whole way of a call through the house: access, inspect, policy, upstream. */
@QuarkusTest
@WithTestResource(AgentsDoorQuarkusTest.OneUpstream.class)
class AgentsDoorQuarkusTest {
    private static final String POLICIES = """
            apiVersion: understudy.dev/v1
            kind: Models
            metadata: { name: test }
            spec:
              currency: USD
              baseline: requested
              models:
              - { name: big, tier: llm, upstream: { baseUrl: "%s", model: sent-name },
                  pricing: [{ from: 2026-01-01, per1M: { input: 2, output: 10 } }] }
            ---
            apiVersion: understudy.dev/v1
            kind: Access
            metadata: { name: test }
            spec:
              anonymous: { allow: loopback, team: local, app: default }
              teams:
              - { name: local, apps: [{ name: default, models: ["b*"] }] }
            ---
            apiVersion: understudy.dev/v1
            kind: Policy
            metadata: { name: everyone }
            spec:
              rules:
              - { id: default, action: { llm: { model: big } } }
            ---
            apiVersion: understudy.dev/v1
            kind: Capture
            metadata: { name: test }
            spec:
              default: { record: metadata }
            """;

    private final AgentsDoor door;
    private final Pool pool;

    @Inject
    AgentsDoorQuarkusTest(AgentsDoor door, Pool pool) {
        this.door = door;
        this.pool = pool;
    }

    @Test
    void aCallGoesAllTheWayAndBack() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.post(
                            "{\"model\":\"big\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).contains("\\\"model\\\":\\\"sent-name\\\"");
            assertThat(answer.header("x-understudy-policy")).matches("[0-9a-f]{12} everyone/default");
            assertThat(answer.header("x-understudy-served-by")).isEqualTo("big");
        }
    }

    @Test
    void aNameThatTheAppMayNotAskForIsNotFound() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.post(
                            "{\"model\":\"gpt-5\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                    .answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("\"code\":\"model_not_found\"");
        }
    }

    @Test
    void anUnknownKeyOfOursIsTurnedAway() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.post(
                            "{\"model\":\"big\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                            "authorization: Bearer usk_AAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
                    .answer();
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body()).contains("\"code\":\"invalid_api_key\"").doesNotContain("AAAA");
        }
    }

    @Test
    void aRequestThatIsPassedThroughLeavesARowWithItsUsageAndNoBody() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer = client.request("POST /v1/embeddings", "{\"model\":\"big\",\"input\":\"x\"}")
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("x-understudy-policy")).matches("[0-9a-f]{12} everyone/default");
            UUID call = UUID.fromString(answer.header("x-understudy-call"));
            Row row = row(
                    "select api, record, model, served_model, input_tokens, output_tokens, cost,"
                            + " (select count(*) from understudy.body b where b.id = i.id) as bodies"
                            + " from understudy.interaction i where id = $1",
                    call);
            assertThat(row.getString("api")).isEqualTo("other");
            assertThat(row.getString("record")).isEqualTo("metadata");
            assertThat(row.getString("model")).isEqualTo("big");
            assertThat(row.getString("served_model")).isEqualTo("big");
            assertThat(row.getInteger("input_tokens")).isEqualTo(5);
            assertThat(row.getInteger("output_tokens")).isEqualTo(2);
            assertThat(row.getBigDecimal("cost")).isEqualByComparingTo("0.00003");
            assertThat(row.getLong("bodies")).isZero();
        }
    }

    @Test
    void whatIsMadeWithoutAModelIsHeldInTheDatabaseAndARequestWhoseModelIsHiddenIsNotForThisApp() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            assertThat(client.request("POST /v1/conversations", "{}").answer().status())
                    .isEqualTo(200);
            Row row = row("select upstream, credential, expires_at from understudy.sticky_id where team = $1", "local");
            assertThat(row.getString("upstream")).isEqualTo("big");
            assertThat(row.getString("credential")).isNull();
            assertThat(row.getOffsetDateTime("expires_at")).isNull();
            WireClient.Answer hidden = client.request("POST /v1/batches", "{\"endpoint\":\"/v1/x\"}")
                    .answer();
            assertThat(hidden.status()).isEqualTo(404);
            assertThat(hidden.body()).contains("\"code\":\"model_not_found\"");
            WireClient.Answer unknown =
                    client.request("GET /v1/files/file-other", null).answer();
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(unknown.body()).contains("\"code\":\"not_found\"");
        }
    }

    /** The one row, once it is there. */
    private Row row(String sql, Object key) {
        return await().atMost(Duration.ofSeconds(20))
                .until(
                        () -> {
                            RowSet<Row> rows = pool.preparedQuery(sql)
                                    .execute(Tuple.of(key))
                                    .await()
                                    .atMost(Duration.ofSeconds(10));
                            return rows.iterator().hasNext()
                                    ? Optional.of(rows.iterator().next())
                                    : Optional.<Row>empty();
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void modelsAreThoseOfTheFiles() throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            WireClient.Answer answer =
                    client.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n").answer();
            assertThat(answer.body()).contains("\"id\":\"big\"");
        }
    }

    /** Policies that know one upstream, which answers with the request that it got. */
    public static final class OneUpstream implements QuarkusTestResourceLifecycleManager {
        private final Vertx vertx = Vertx.vertx();
        private final ScriptedPeer peer = new ScriptedPeer(
                vertx,
                talk -> talk.json(
                        200, Chunks.document(talk.text().replace("\\", "\\\\").replace("\"", "\\\""), 5, 2)));

        @Override
        public Map<String, String> start() {
            try {
                Path folder = Files.createTempDirectory("policies");
                Files.writeString(folder.resolve("all.yaml"), POLICIES.formatted(peer.baseUrl()));
                return Map.of("understudy.policies", folder.toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void stop() {
            peer.close();
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
