package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.call.TokenCount;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RelayTest {
    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("hello", 5, 2)));
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void theBytesThatCameAreTheBytesThatGoOn() throws IOException {
        String odd =
                "{ \"messages\": [ {\"role\":\"user\",\"content\":\"h\\u00e9 \"} ] , \"x\":1e3,\n \"model\" : \"m\"}";
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(odd).answer();
        }
        assertThat(peer.talks().getFirst().body()).isEqualTo(odd.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aJsonAnswerComesBackByteForByteWithTheHeadersOfTheSurface() throws IOException {
        String document = Chunks.document("hello", 5, 2);
        peer.script(talk -> talk.json(
                200, document, "x-request-id: up-1", "openai-version: 7", "set-cookie: a=b", "server: x", "cf-ray: 1"));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.body()).isEqualTo(document);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("content-type")).isEqualTo("application/json");
            assertThat(answer.header("x-request-id")).matches("req_[0-9a-f]{32}");
            assertThat(answer.header("x-understudy-call")).hasSize(36);
            assertThat(answer.header("x-understudy-policy")).isEqualTo("0123456789ab everyone/default");
            assertThat(answer.header("x-understudy-served-by")).isEqualTo("llm");
            assertThat(answer.header("x-understudy-route")).isEqualTo("direct");
            assertThat(answer.header("x-understudy-attempts")).isEqualTo("1");
            assertThat(answer.header("x-understudy-overhead-ms")).matches("[0-9]+\\.[0-9]");
            assertThat(answer.header("x-understudy-upstream-request-id")).isEqualTo("up-1");
            assertThat(answer.header("openai-version")).isEqualTo("7");
            assertThat(answer.head().headers()).doesNotContainKeys("set-cookie", "server", "cf-ray");
        }
    }

    @Test
    void aStreamComesBackByteForByteButForTheUsageThatWeAskedFor() throws IOException {
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .content("hel")
                .content("lo")
                .event(Chunks.finish("stop"))
                .event(Chunks.usage(11, 3))
                .event("[DONE]")
                .end());
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(DoorFixture.STREAM).answer();
            assertThat(answer.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
            assertThat(answer.header("cache-control")).isEqualTo("no-cache");
            assertThat(answer.header("x-accel-buffering")).isEqualTo("no");
            assertThat(answer.body())
                    .isEqualTo("data: " + Chunks.role() + "\n\ndata: " + Chunks.content("hel") + "\n\ndata: "
                            + Chunks.content("lo") + "\n\ndata: " + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n");
        }
        assertThat(peer.talks().getFirst().text()).contains("\"stream_options\":{\"include_usage\":true}");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.attempts().getFirst().tokens())
                .isEqualTo(new TokenCount(11, 0, 3, TokenCount.Source.REPORTED));
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        assertThat(interaction.cost()).isEqualByComparingTo("0.000041");
        assertThat(interaction.baseline()).isEqualByComparingTo("0.000041");
        assertThat(interaction.served()).isEqualTo(1);
        assertThat(interaction.firstContentMicros()).isPositive();
        assertThat(new String(
                        Objects.requireNonNull(interaction.attempts().getFirst().answer())
                                .bytes(),
                        StandardCharsets.UTF_8))
                .contains("hel")
                .endsWith("data: [DONE]\n\n");
    }

    @Test
    void connectionsAreUsedAgainAfterAnswersAndAfterStreams() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            for (int i = 0; i < 5; i++) {
                peer.script(talk -> talk.json(200, Chunks.document("hello", 5, 2)));
                client.post(DoorFixture.CALL).answer();
                peer.script(talk -> talk.stream().content("x").finish());
                client.post(DoorFixture.STREAM).answer();
            }
        }
        assertThat(peer.connections()).isEqualTo(1);
        await().until(() -> fixture.recorded.size() == 10);
    }

    @Test
    void headersOfOneHopAndOfOursStayHere() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(
                            DoorFixture.CALL,
                            "x-custom: kept",
                            "connection: x-hop",
                            "x-hop: dropped",
                            "cookie: a=b",
                            "x-forwarded-for: 1.2.3.4",
                            "authorization: Bearer provider-key",
                            "openai-organization: org-1",
                            "x-understudy-session: s",
                            "accept-encoding: gzip")
                    .answer();
        }
        ScriptedPeer.Talk talk = peer.talks().getFirst();
        assertThat(talk.header("x-custom")).isEqualTo("kept");
        assertThat(talk.header("accept-encoding")).isEqualTo("identity");
        assertThat(talk.header("content-type")).isEqualTo("application/json");
        for (String name : new String[] {
            "x-hop", "cookie", "x-forwarded-for", "authorization", "openai-organization", "x-understudy-session"
        }) {
            assertThat(talk.header(name)).as(name).isNull();
        }
    }

    @Test
    void aForwardedKeyReachesOneBaseUrlOnly() throws IOException {
        ScriptedPeer other = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("stolen", 1, 1)));
        ModelCard.Credential forward = new ModelCard.Credential.Forward();
        try (DoorFixture two = new DoorFixture(vertx)
                        .upstream("one", peer.baseUrl(), forward, DoorFixture.limits())
                        .upstream("two", other.baseUrl(), forward, DoorFixture.limits())
                        .providerKey("sk-theirs")
                        .open();
                WireClient client = new WireClient(two.port())) {
            peer.script(talk ->
                    talk.json(500, "{\"error\":{\"message\":\"x\",\"type\":\"y\",\"param\":null,\"code\":null}}"));
            WireClient.Answer answer =
                    client.post(DoorFixture.CALL, "openai-organization: org-1").answer();
            assertThat(answer.status()).isEqualTo(500);
        }
        assertThat(peer.talks().getFirst().header("authorization")).isEqualTo("Bearer sk-theirs");
        assertThat(peer.talks().getFirst().header("openai-organization")).isEqualTo("org-1");
        assertThat(other.talks()).isEmpty();
        other.close();
    }
}
