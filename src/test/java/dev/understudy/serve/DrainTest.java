package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
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

/** A door that closes takes nothing new, lets what runs end, and breaks off what takes too long. */
class DrainTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private Thread closing = new Thread(() -> {});

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
    }

    @AfterEach
    void close() throws InterruptedException {
        closing.join();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aStreamUnderWayEndsWellWhileNewCallsAreRefused() throws IOException, InterruptedException {
        DoorFixture fixture = fixture(Duration.ofSeconds(20));
        ScriptedPeer.Talk[] talking = new ScriptedPeer.Talk[1];
        peer.script(talk -> talking[0] = talk.stream().content("one"));
        try (WireClient running = new WireClient(fixture.port()).post(DoorFixture.STREAM);
                WireClient idle = new WireClient(fixture.port());
                WireClient listing = new WireClient(fixture.port())) {
            WireClient.Head head = running.head();
            running.chunk();
            close(fixture);
            // connected before the door closed, asks after
            awaitDraining(fixture);
            WireClient.Answer refused = idle.post(DoorFixture.CALL).answer();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.header("connection")).isEqualTo("close");
            assertThat(refused.header("retry-after")).isEqualTo("2");
            assertThat(refused.body()).contains("\"code\":\"server_is_overloaded\"");
            assertThat(idle.isClosed()).isTrue();
            WireClient.Answer models =
                    listing.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n").answer();
            assertThat(models.status()).isEqualTo(503);
            assertThat(models.header("connection")).isEqualTo("close");
            assertThat(listing.isClosed()).isTrue();
            assertThat(closing.isAlive()).isTrue();
            talking[0].content("two").finish();
            assertThat(running.body(head)).endsWith("data: [DONE]\n\n").contains("two");
        }
        closing.join(5_000);
        assertThat(closing.isAlive()).isFalse();
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aStreamThatTakesTooLongIsBrokenOffByAnErrorAndRecorded() throws IOException {
        DoorFixture fixture = fixture(SHORT);
        peer.script(talk -> talk.stream().content("on and on"));
        try (WireClient client = new WireClient(fixture.port()).post(DoorFixture.STREAM)) {
            WireClient.Head head = client.head();
            client.chunk();
            close(fixture);
            assertThat(client.body(head))
                    .startsWith("event: error\ndata: {")
                    .endsWith("\"code\":\"server_is_overloaded\"}}\n\n")
                    .doesNotContain("[DONE]");
        }
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.FAILED);
        assertThat(interaction.status()).isEqualTo(200);
        assertThat(interaction.served()).isEqualTo(1);
        assertThat(interaction.attempts()).extracting(Attempt::error).containsExactly("stopped");
        await().until(() -> peer.open() == 0);
    }

    @Test
    void aJsonAnswerThatTakesTooLongIsAStatus() throws IOException {
        DoorFixture fixture = fixture(SHORT);
        try (WireClient client = new WireClient(fixture.port()).post(DoorFixture.CALL)) {
            await().until(() -> peer.talks().size() == 1);
            close(fixture);
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).contains("\"code\":\"server_is_overloaded\"");
        }
        assertThat(fixture.interaction().error()).isEqualTo("server_is_overloaded");
        await().until(() -> peer.open() == 0);
    }

    @Test
    void aBodyThatIsStillComingIsNotWaitedForEither() throws IOException {
        DoorFixture fixture = fixture(SHORT);
        try (WireClient client = new WireClient(fixture.port())
                .send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 100\r\n\r\n{\"model\"")) {
            await().until(() -> fixture.door.inFlight() == 1);
            close(fixture);
            assertThat(client.answer().status()).isEqualTo(503);
        }
        assertThat(fixture.interaction().error()).isEqualTo("server_is_overloaded");
    }

    @Test
    void aDoorThatNobodyUsesClosesAtOnce() throws InterruptedException, IOException {
        DoorFixture fixture = fixture(Duration.ofSeconds(20));
        peer.script(talk -> talk.json(200, Chunks.document("well", 1, 1)));
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.CALL).answer();
            close(fixture);
            closing.join(5_000);
            assertThat(closing.isAlive()).isFalse();
            assertThat(client.isClosed()).isTrue();
        }
    }

    private DoorFixture fixture(Duration drain) {
        return new DoorFixture(vertx, new Listening(DoorFixture.ANYWHERE, null, drain))
                .upstream("llm", peer.baseUrl())
                .open();
    }

    private void close(DoorFixture fixture) {
        closing = Thread.ofPlatform().start(fixture::close);
    }

    /** Until a call is refused; each on a connection of its own. */
    private static void awaitDraining(DoorFixture fixture) {
        await().until(() -> {
            try (WireClient client = new WireClient(fixture.port())) {
                return client.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n")
                                .answer()
                                .status()
                        == 503;
            }
        });
    }
}
