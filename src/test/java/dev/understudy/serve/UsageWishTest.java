package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An upstream that does not know the wish for a usage chunk, which we add to streams. */
class UsageWishTest {
    private static final String REFUSAL = "{\"error\":{\"message\":\"Unrecognized request argument supplied:"
            + " stream_options\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}";

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, UsageWishTest::answerUnlessAsked);
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void isAskedOnceMoreWithoutItAndNeverAgainWithIt() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer first = client.post(DoorFixture.STREAM).answer();
            assertThat(first.status()).isEqualTo(200);
            assertThat(first.body()).startsWith("data: " + Chunks.role()).endsWith("data: [DONE]\n\n");
            assertThat(first.header("x-understudy-attempts")).isEqualTo("1");
            assertThat(client.post(DoorFixture.STREAM).answer().status()).isEqualTo(200);
        }
        assertThat(peer.talks()).hasSize(3);
        assertThat(peer.talks().get(0).text()).contains("stream_options");
        assertThat(peer.talks().get(1).text()).isEqualTo(DoorFixture.STREAM);
        assertThat(peer.talks().get(2).text()).isEqualTo(DoorFixture.STREAM);
    }

    @Test
    void aRefusalOfTheCallersOwnWishGoesOn() throws IOException {
        String asking = DoorFixture.STREAM.replace(
                "\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(asking).answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo(REFUSAL);
        }
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aSecondRefusalGoesOnAndIsNotRemembered() throws IOException {
        peer.script(talk -> talk.json(400, REFUSAL));
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.STREAM).answer().body()).isEqualTo(REFUSAL);
            client.post(DoorFixture.STREAM).answer();
        }
        assertThat(peer.talks()).hasSize(4);
        assertThat(peer.talks().get(2).text()).contains("stream_options");
    }

    @Test
    void anotherRefusalIsNotAskedAgain() throws IOException {
        peer.script(talk -> talk.json(400, "{\"error\":\"no\"}"));
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.STREAM).answer().status()).isEqualTo(400);
        }
        assertThat(peer.talks()).hasSize(1);
    }

    private static void answerUnlessAsked(ScriptedPeer.Talk talk) {
        if (talk.text().contains("stream_options")) {
            talk.json(400, REFUSAL);
        } else {
            talk.stream().event(Chunks.role()).content("a").finish();
        }
    }
}
