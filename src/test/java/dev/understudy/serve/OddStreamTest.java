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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are odd and whole: the client sees OpenAI's shape. */
class OddStreamTest {
    private static final String ASKING = DoorFixture.STREAM.replace(
            "\"stream\":true", "\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    private static final String ROLE = "data: " + Chunks.role() + "\n\n";
    private static final String FINISH = "data: " + Chunks.finish("stop") + "\n\n";
    private static final String DONE = "data: [DONE]\n\n";

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

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/json", "application/octet-stream"})
    void aStreamUnderAWrongNameIsAStream(String type) throws IOException {
        String stream = ROLE + "data: " + Chunks.content("a") + "\n\n" + FINISH + DONE;
        peer.script(talk -> talk.raw("HTTP/1.1 200 OK\r\ncontent-type: " + type + "\r\ncontent-length: "
                + (stream.length() + 1) + "\r\n\r\n\n" + stream));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(answer.body()).isEqualTo(stream);
        isCounted("content_type", 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/json; charset=utf-8", "text/event-stream"})
    void aJsonAnswerToAStreamBecomesOne(String type) throws IOException {
        String document = Chunks.document("hello", 5, 2);
        peer.script(talk -> talk.raw("HTTP/1.1 200 OK\r\ncontent-type: " + type + "\r\ncontent-length: "
                + document.length() + "\r\n\r\n" + document));
        WireClient.Answer answer = call(ASKING);
        assertThat(answer.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(answer.body())
                .startsWith(
                        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-2026\","
                                + "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hello\"")
                .endsWith(FINISH + "data: " + Chunks.usage(5, 2) + "\n\n" + DONE);
        isCounted("json_for_stream", 1);
        assertThat(fixture.interaction().attempts().getFirst().tokens())
                .isEqualTo(new TokenCount(5, 0, 2, TokenCount.Source.REPORTED));
    }

    @Test
    void finishReasonsLeaveAfterASecondOfSilenceAndUsageMayStillFollow() throws IOException {
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .content("a")
                .event(Chunks.finish("stop"))
                .later(
                        1_600,
                        then -> then.content("too late")
                                .event(Chunks.usage(3, 1))
                                .event("[DONE]")
                                .end()));
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(ASKING).head();
            assertThat(client.chunk()).isEqualTo(ROLE);
            assertThat(client.chunk()).isEqualTo("data: " + Chunks.content("a") + "\n\n");
            assertThat(client.chunk()).isEqualTo(FINISH);
            assertThat(client.chunk()).isEqualTo("data: " + Chunks.usage(3, 1) + "\n\n" + DONE);
            assertThat(client.chunk()).isEmpty();
        }
        isCounted("after_finish", 1);
    }

    @Test
    void whatFollowsTheEndMarkIsNotSentAndItsConnectionNotUsedAgain() throws IOException {
        peer.script(talk -> talk.stream()
                .chunk(ROLE + "data: " + Chunks.content("a") + "\n\n" + FINISH + DONE + ROLE)
                .end());
        assertThat(call(DoorFixture.STREAM).body()).endsWith(FINISH + DONE);
        isCounted("after_done", 1);
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .event(Chunks.finish("stop"))
                .event("[DONE]")
                .later(50, then -> then.content("more")));
        assertThat(call(DoorFixture.STREAM).body()).isEqualTo(ROLE + FINISH + DONE);
        isCounted("after_done", 2);
        await().until(() -> peer.open() == 0);
        assertThat(peer.connections()).isEqualTo(2);
    }

    @Test
    void leadingFramesAreHeldUpTo64KiB() throws IOException {
        ScriptedPeer other =
                new ScriptedPeer(vertx, talk -> talk.stream().content("b").finish());
        try (DoorFixture two = new DoorFixture(vertx)
                .upstream("one", peer.baseUrl())
                .upstream("two", other.baseUrl())
                .open()) {
            String vendor = Chunks.role().replace("\"choices\"", "\"x\":\"" + "y".repeat(30_000) + "\",\"choices\"");
            peer.script(talk -> talk.stream().event(vendor).event(vendor).later(20, ScriptedPeer.Talk::close));
            try (WireClient client = new WireClient(two.port())) {
                assertThat(client.post(DoorFixture.STREAM).answer().header("x-understudy-served-by"))
                        .isEqualTo("two");
            }
            peer.script(talk ->
                    talk.stream().event(vendor).event(vendor).event(vendor).later(20, ScriptedPeer.Talk::close));
            try (WireClient client = new WireClient(two.port())) {
                WireClient.Answer answer = client.post(DoorFixture.STREAM).answer();
                assertThat(answer.header("x-understudy-served-by")).isEqualTo("one");
                assertThat(answer.body()).endsWith("\"code\":\"upstream_stream_truncated\"}}\n\n");
            }
        }
        other.close();
    }

    @ParameterizedTest
    @CsvSource({"5, 2, 5, 2, REPORTED", "-5, 2, 7, 1, ESTIMATED", "1000000001, 2, 7, 1, ESTIMATED"})
    void usageThatCannotBeTrueIsEstimated(int input, int output, int rowInput, int rowOutput, TokenCount.Source source)
            throws IOException {
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .content("ab")
                .event(Chunks.finish("stop"))
                .event(Chunks.usage(input, output))
                .event("[DONE]")
                .end());
        String sent = call(ASKING).body();
        assertThat(sent).contains(Chunks.usage(input, output));
        assertThat(tokens()).isEqualTo(new TokenCount(rowInput, 0, rowOutput, source));
    }

    @Test
    void usageOfAnAnswerThatSaysNoneOrBreaksOffIsEstimated() throws IOException {
        peer.script(talk -> talk.json(200, Chunks.document("hello there", 5, 2).replaceAll(",\"usage\":.*", "}")));
        call(DoorFixture.CALL);
        assertThat(tokens()).isEqualTo(new TokenCount(7, 0, 3, TokenCount.Source.ESTIMATED));
        fixture.recorded.clear();
        peer.script(talk -> talk.stream()
                .event(Chunks.role())
                .content("a")
                .content("b")
                .event(Chunks.usage(100, 100))
                .later(30, ScriptedPeer.Talk::close));
        call(DoorFixture.STREAM);
        assertThat(tokens()).isEqualTo(new TokenCount(7, 0, 2, TokenCount.Source.ESTIMATED));
    }

    private TokenCount tokens() {
        Interaction interaction = fixture.interaction();
        return interaction.attempts().getFirst().tokens();
    }

    private void isCounted(String kind, int times) {
        await().ignoreExceptions()
                .untilAsserted(() -> assertThat(fixture.meters
                                .get("understudy.upstream.deviation")
                                .tags("upstream", "llm", "kind", kind)
                                .counter()
                                .count())
                        .as(kind)
                        .isEqualTo(times));
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
