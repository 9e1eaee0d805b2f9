package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

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

/** What a client sees while an upstream thinks. */
class QuietStreamTest {
    private static final String SIGN_OF_LIFE = ": keep-alive\n";
    private static final Pace HASTY = new Pace(Duration.ofMillis(60), Duration.ofMillis(90), Duration.ofSeconds(60));

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
        fixture = new DoorFixture(vertx, HASTY).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void theHeadLeavesBeforeContentAndSignsOfLifeAreSingleLines() throws IOException {
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .later(500, then -> then.content("a").finish()));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.post(DoorFixture.STREAM).head();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("x-understudy-served-by")).isEqualTo("pending");
            List<String> pieces = pieces(client);
            List<String> signs = pieces.subList(0, pieces.indexOf("data: " + Chunks.role() + "\n\n"));
            assertThat(signs).hasSizeGreaterThanOrEqualTo(3).containsOnly(SIGN_OF_LIFE);
            assertThat(String.join("", pieces.subList(signs.size(), pieces.size())))
                    .isEqualTo("data: " + Chunks.role() + "\n\ndata: " + Chunks.content("a") + "\n\ndata: "
                            + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n");
        }
    }

    @Test
    void signsOfLifeStandBetweenEvents() throws IOException {
        peer.script(talk -> talk.stream()
                .content("a")
                .chunk("data: " + Chunks.content("b"))
                .later(300, then -> then.chunk("\n\n").finish()));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.post(DoorFixture.STREAM).head();
            assertThat(head.header("x-understudy-served-by")).isEqualTo("llm");
            List<String> pieces = pieces(client);
            assertThat(pieces.getFirst()).endsWith("}\n\n");
            assertThat(pieces.get(1)).isEqualTo(SIGN_OF_LIFE);
            assertThat(pieces).contains("data: " + Chunks.content("b") + "\n\n");
        }
    }

    @Test
    void aHeadIsNotPromisedBeforeAnUpstreamTookTheQuestion() throws IOException {
        peer.script(talk -> talk.later(
                300,
                then -> then.json(
                        429,
                        "{\"error\":{\"message\":\"busy\",\"type\":\"requests\",\"param\":null,\"code\":\"x\"}}")));
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.STREAM).answer().status()).isEqualTo(429);
        }
    }

    @Test
    void afterTheHeadAFailureIsAnEventAndAnotherModelMayStillAnswer() throws IOException {
        ScriptedPeer other =
                new ScriptedPeer(vertx, talk -> talk.stream().content("rescued").finish());
        peer.script(talk -> talk.stream().event(Chunks.role()).later(200, ScriptedPeer.Talk::close));
        try (DoorFixture two = new DoorFixture(vertx, HASTY)
                        .upstream("one", peer.baseUrl())
                        .upstream("two", other.baseUrl())
                        .open();
                WireClient client = new WireClient(two.port())) {
            assertThat(client.post(DoorFixture.STREAM).answer().body())
                    .startsWith(SIGN_OF_LIFE)
                    .contains("rescued")
                    .doesNotContain(Chunks.role())
                    .endsWith("data: [DONE]\n\n");
        }
        other.close();
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.STREAM).answer().body())
                    .startsWith(SIGN_OF_LIFE)
                    .endsWith("\"code\":\"upstream_stream_truncated\"}}\n\n")
                    .contains("event: error\n")
                    .doesNotContain("[DONE]");
        }
    }

    private static List<String> pieces(WireClient client) throws IOException {
        List<String> pieces = new ArrayList<>();
        for (String piece = client.chunk(); !piece.isEmpty(); piece = client.chunk()) {
            pieces.add(piece);
        }
        return pieces;
    }
}
