package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.call.TokenCount;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClientLeavesTest {
    private static final Duration PROMPT = Duration.ofSeconds(1);

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void fiftyAbandonedStreamsLeaveNoUpstreamConnectionAndFiftyInteractions() throws IOException {
        peer.script(talk -> talk.stream().event(Chunks.role()).content("on and on"));
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            clients.add(new WireClient(fixture.port()).post(DoorFixture.STREAM));
        }
        for (int i = 0; i < 50; i++) {
            WireClient client = clients.get(i);
            client.head();
            client.chunk();
            if (i % 2 == 0) {
                client.close();
            } else {
                client.reset();
            }
        }
        await().atMost(PROMPT.multipliedBy(5)).until(() -> peer.open() == 0 && fixture.recorded.size() == 50);
        assertThat(peer.connections()).isEqualTo(50);
        assertThat(fixture.recorded)
                .allMatch(interaction -> interaction.outcome() == Interaction.Outcome.CLIENT_GONE)
                .allMatch(interaction -> interaction.status() == 200)
                .allMatch(interaction -> Integer.valueOf(1).equals(interaction.served()))
                .allMatch(interaction ->
                        interaction.attempts().getFirst().tokens().source() == TokenCount.Source.ESTIMATED);
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void aClientThatLeavesBeforeTheHeadEndsTheUpstreamCall() throws IOException {
        WireClient client = new WireClient(fixture.port()).post(DoorFixture.CALL);
        await().until(() -> peer.talks().size() == 1);
        client.close();
        await().atMost(PROMPT).until(() -> peer.open() == 0);
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(interaction.status()).isEqualTo(499);
        assertThat(interaction.served()).isNull();
    }

    @Test
    void aClientThatLeavesStartsNoFurtherTarget() throws IOException {
        ScriptedPeer second = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("x", 1, 1)));
        try (DoorFixture two = new DoorFixture(vertx)
                .upstream("one", peer.baseUrl())
                .upstream("two", second.baseUrl())
                .open()) {
            WireClient client = new WireClient(two.port()).post(DoorFixture.CALL);
            await().until(() -> peer.talks().size() == 1);
            client.reset();
            await().atMost(PROMPT).until(() -> peer.open() == 0 && two.recorded.size() == 1);
        }
        assertThat(second.talks()).isEmpty();
        second.close();
    }

    @Test
    void aClientThatLeavesInsideItsBodyIsRecordedWithoutContent() throws IOException {
        WireClient client = new WireClient(fixture.port())
                .send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 100\r\n\r\n{\"model\"");
        await().until(() -> fixture.door.inFlight() == 1);
        client.close();
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(interaction.call().body()).isEmpty();
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aClientThatLeavesCancelsTheSmallModel() throws IOException {
        HandModel[] made = new HandModel[1];
        try (DoorFixture small = new DoorFixture(vertx)
                .small("small", card -> made[0] = new HandModel(card, (ask, telling) -> telling.accepted()))
                .open()) {
            WireClient client = new WireClient(small.port()).post(DoorFixture.STREAM);
            await().until(() -> made[0].asked.get() == 1);
            client.close();
            await().atMost(PROMPT).until(() -> made[0].cancelled.get() == 1 && small.recorded.size() == 1);
        }
    }
}
