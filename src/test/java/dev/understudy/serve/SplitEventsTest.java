package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SplitEventsTest {
    private final Vertx vertx = Vertx.vertx();
    private DoorFixture fixture = new DoorFixture(vertx);

    @AfterEach
    void close() {
        fixture.close();
        Blocking.get(vertx.close());
    }

    @Test
    void anUpstreamThatSendsByteByByteGivesWholeEvents() throws IOException {
        String stream = "data: " + Chunks.role() + "\n\ndata: " + Chunks.content("héllo 😀") + "\n\ndata: "
                + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n";
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        ScriptedPeer peer = new ScriptedPeer(vertx, talk -> drip(talk.stream(), bytes, 0));
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.post(DoorFixture.STREAM).head();
            assertThat(client.chunk() + client.chunk()).startsWith("data: ").endsWith("}\n\n");
            assertThat(client.body(head)).isEqualTo("data: " + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n");
        }
        peer.close();
    }

    @Test
    void manyEventsInOnePieceLeaveOneByOne() throws IOException {
        StringBuilder all = new StringBuilder("data: " + Chunks.role() + "\n\n");
        for (int i = 0; i < 20; i++) {
            all.append("data: ").append(Chunks.content("w" + i)).append("\n\n");
        }
        ScriptedPeer peer = new ScriptedPeer(
                vertx, talk -> talk.stream().chunk(all.toString()).finish());
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM).head();
            assertThat(client.chunk()).isEqualTo("data: " + Chunks.role() + "\n\n");
            for (int i = 0; i < 20; i++) {
                assertThat(client.chunk()).isEqualTo("data: " + Chunks.content("w" + i) + "\n\n");
            }
        }
        peer.close();
    }

    private static void drip(ScriptedPeer.Talk talk, byte[] bytes, int at) {
        if (at == bytes.length) {
            talk.end();
            return;
        }
        talk.rawChunk(bytes[at]);
        talk.later(1, again -> drip(again, bytes, at + 1));
    }
}
