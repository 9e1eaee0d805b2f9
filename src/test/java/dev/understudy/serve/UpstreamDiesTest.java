package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Interaction;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class UpstreamDiesTest {
    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, ScriptedPeer.Talk::close);
        fixture = fixture(new ModelCard.Credential.None());
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void nobodyThereIsAStatusAndAnErrorWithFourKeys() throws IOException {
        peer.close();
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.body())
                .startsWith("{\"error\":{\"message\":\"")
                .endsWith("\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_unavailable\"}}");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.FAILED);
        assertThat(interaction.error()).isEqualTo("upstream_unavailable");
        assertThat(interaction.attempts().getFirst().error()).isEqualTo("upstream_unavailable");
        assertThat(interaction.cost()).isEqualByComparingTo("0");
        peer = new ScriptedPeer(vertx, talk -> {});
    }

    @Test
    void aCloseBeforeTheHeadIsAStatus() throws IOException {
        assertThat(call(DoorFixture.STREAM).status()).isEqualTo(502);
    }

    @Test
    void aCloseInsideAStreamIsAnErrorEventAndNoEndMark() throws IOException {
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .content("half an ans")
                .chunk("data: {\"id\":\"chatcmpl-1\",\"choi")
                .later(50, ScriptedPeer.Talk::close));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .startsWith("data: " + Chunks.role() + "\n\ndata: " + Chunks.content("half an ans")
                        + "\n\nevent: error\ndata: {\"error\":{\"message\":\"")
                .endsWith("\"code\":\"upstream_stream_truncated\"}}\n\n")
                .doesNotContain("[DONE]")
                .doesNotContain("choi\n");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.FAILED);
        assertThat(interaction.status()).isEqualTo(200);
        assertThat(interaction.error()).isEqualTo("upstream_stream_truncated");
        assertThat(interaction.served()).isEqualTo(1);
    }

    @Test
    void aCloseAfterAllChoicesHaveFinishedIsAWholeAnswer() throws IOException {
        peer.script(talk ->
                talk.stream().content("all of it").event(Chunks.finish("stop")).later(20, ScriptedPeer.Talk::close));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body()).endsWith("data: " + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n");
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
    }

    @Test
    void anUpstreamThatFallsSilentAfterItsFinishIsNotWaitedFor() throws IOException {
        peer.script(talk -> talk.stream().content("all of it").event(Chunks.finish("stop")));
        assertThat(call(DoorFixture.STREAM).body()).endsWith("data: [DONE]\n\n");
    }

    @Test
    void halfAJsonAnswerIsAStatus() throws IOException {
        peer.script(talk -> talk.raw(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"id\":\"")
                .later(20, ScriptedPeer.Talk::close));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(502);
    }

    @Test
    void nonsenseUnderTwoHundredIsMalformed() throws IOException {
        peer.script(talk -> talk.json(200, "<html>"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.body()).contains("\"code\":\"upstream_malformed_response\"");
    }

    @Test
    void aRedirectIsNotFollowed() throws IOException {
        peer.script(talk -> talk.raw("HTTP/1.1 302 Found\r\nlocation: http://x/\r\ncontent-length: 0\r\n\r\n"));
        assertThat(call(DoorFixture.CALL).body()).contains("\"code\":\"upstream_malformed_response\"");
    }

    @Test
    void anUpstreamsErrorKeepsItsStatusItsBytesAndItsRetryAfter() throws IOException {
        String body =
                "{\"error\":{\"message\":\"slow down\",\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}";
        peer.script(talk -> talk.json(429, body, "retry-after: 7", "x-ratelimit-remaining-requests: 0"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.body()).isEqualTo(body);
        assertThat(answer.header("retry-after")).isEqualTo("7");
        assertThat(answer.header("x-ratelimit-remaining-requests")).isEqualTo("0");
        assertThat(fixture.interaction().status()).isEqualTo(429);
    }

    @Test
    void aLongRetryAfterBecomesAMinuteAndNoRetry() throws IOException {
        peer.script(talk -> talk.json(503, "{}", "retry-after: 3600"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.header("retry-after")).isEqualTo("60");
        assertThat(answer.header("x-should-retry")).isEqualTo("false");
        assertThat(answer.body()).contains("\"code\":\"upstream_error\"");
    }

    @Test
    void aRefusalOfOurOwnKeyIsOurFault() throws IOException {
        try (DoorFixture ours = fixture(new ModelCard.Credential.Ours(new dev.understudy.call.Secret("sk-ours-1234")));
                WireClient client = new WireClient(ours.port())) {
            peer.script(talk -> talk.json(401, "{\"error\":{\"message\":\"bad key sk-ours-1234\"}}"));
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.header("x-should-retry")).isEqualTo("false");
            assertThat(answer.body())
                    .contains("\"code\":\"upstream_credentials_refused\"")
                    .doesNotContain("sk-ours");
        }
        assertThat(peer.talks().getFirst().header("authorization")).isEqualTo("Bearer sk-ours-1234");
    }

    @Test
    void aRefusalOfTheCallersOwnKeyIsPassedOn() throws IOException {
        String body =
                "{\"error\":{\"message\":\"bad key\",\"type\":\"t\",\"param\":null,\"code\":\"invalid_api_key\"}}";
        try (DoorFixture theirs = fixture(new ModelCard.Credential.Forward()).providerKey("sk-theirs");
                WireClient client = new WireClient(theirs.port())) {
            peer.script(talk -> talk.json(401, body));
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body()).isEqualTo(body);
        }
    }

    @Test
    void aSilentUpstreamMeetsItsTimeLimit() throws IOException {
        try (DoorFixture hasty = new DoorFixture(vertx)
                        .upstream(
                                "llm",
                                peer.baseUrl(),
                                new ModelCard.Credential.None(),
                                DoorFixture.limits(8, Duration.ofMillis(200)))
                        .open();
                WireClient client = new WireClient(hasty.port())) {
            peer.script(talk -> {});
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.body()).contains("\"code\":\"upstream_timeout\"");
            peer.script(talk -> talk.stream().content("a"));
            assertThat(client.post(DoorFixture.STREAM).answer().body()).endsWith("\"code\":\"upstream_timeout\"}}\n\n");
        }
    }

    private DoorFixture fixture(ModelCard.Credential credential) {
        return new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), credential, DoorFixture.limits())
                .open();
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
