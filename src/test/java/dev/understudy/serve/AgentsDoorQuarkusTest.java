package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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

    @Inject
    AgentsDoorQuarkusTest(AgentsDoor door) {
        this.door = door;
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
