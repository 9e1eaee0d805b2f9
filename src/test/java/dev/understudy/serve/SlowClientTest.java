package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SlowClientTest {
    private final Random random = new Random(1);
    private final Vertx vertx = Vertx.vertx();
    private DoorFixture fixture = new DoorFixture(vertx);

    @AfterEach
    void close() {
        fixture.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aClientThatDoesNotReadStopsTheUpstreamAndLosesNothing() throws IOException {
        AtomicLong sent = new AtomicLong();
        String event = Chunks.content("x".repeat(8_000));
        int all = 4_000;
        ScriptedPeer peer = new ScriptedPeer(vertx, talk -> pour(talk.stream(), event, sent, all));
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM);
            WireClient.Head head = client.head();
            // What sockets buffer is a few MiB; 32 MiB do not fit.
            await().during(java.time.Duration.ofMillis(300)).until(() -> sent.get() < all);
            String body = client.body(head);
            assertThat(body.split("\n\n")).hasSize(all + 2);
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        peer.close();
    }

    @Test
    void aClientFarBehindASmallModelIsCutOff() throws IOException {
        HandModel[] made = new HandModel[1];
        fixture = new DoorFixture(vertx)
                .small(
                        "small",
                        card -> made[0] = new HandModel(card, (ask, telling) -> {
                            telling.accepted().frame(telling.writer.role());
                            pour(telling);
                        }))
                .open();
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM).head();
            await().until(() -> made[0].cancelled.get() == 1);
        }
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(interaction.error()).isEqualTo("client_too_slow");
    }

    /** Text in which nothing comes again, which would be taken for a model in a loop. */
    private String words() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            text.append(Long.toString(random.nextLong(1L << 40), Character.MAX_RADIX))
                    .append(' ');
        }
        return text.toString();
    }

    private void pour(HandModel.Telling telling) {
        for (int i = 0; i < 50 && !telling.isOver(); i++) {
            telling.frame(telling.writer.content(words()));
        }
        if (!telling.isOver()) {
            Vertx.currentContext().runOnContext(next -> pour(telling));
        }
    }

    private void pour(ScriptedPeer.Talk talk, String event, AtomicLong sent, int all) {
        while (!talk.isClosed() && !talk.isFull() && sent.get() < all) {
            talk.event(event);
            sent.incrementAndGet();
        }
        if (sent.get() == all) {
            talk.finish();
        } else {
            talk.later(2, again -> pour(again, event, sent, all));
        }
    }
}
