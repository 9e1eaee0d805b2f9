package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that are none: a status before the head, an error event after it, and never an end mark. */
class BrokenAnswerTest {
    private static final String ROLE = "data: " + Chunks.role() + "\n\n";
    private static final String CONTENT = "data: " + Chunks.content("a") + "\n\n";
    private static final String ERROR =
            "{\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"param\":null,\"code\":\"x\"}}";

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
    void aStreamCutInAnEvent() throws IOException {
        String cut = "data: {\"id\":\"chatcmpl-1\",\"choi";
        isRefused(talk -> talk.stream().chunk(ROLE + cut).end(), "upstream_stream_truncated");
        isBrokenOff(talk -> talk.stream().chunk(ROLE + CONTENT + cut).end(), "upstream_stream_truncated");
        isCounted("truncated", 2);
    }

    @Test
    void aStreamWithoutAFinishReason() throws IOException {
        isRefused(talk -> talk.stream().chunk(ROLE).event("[DONE]").end(), "upstream_stream_truncated");
        isBrokenOff(talk -> talk.stream().chunk(ROLE + CONTENT).event("[DONE]").end(), "upstream_stream_truncated");
        isBrokenOff(talk -> talk.stream().chunk(ROLE + CONTENT).end(), "upstream_stream_truncated");
        isCounted("truncated", 3);
    }

    @Test
    void aConnectionThatIsReset() throws IOException {
        isRefused(talk -> talk.stream().chunk(ROLE).later(30, ScriptedPeer.Talk::reset), "upstream_stream_truncated");
        isBrokenOff(
                talk -> talk.stream().chunk(ROLE + CONTENT).later(30, ScriptedPeer.Talk::reset),
                "upstream_stream_truncated");
    }

    @Test
    void anEventThatIsNoJson() throws IOException {
        isRefused(talk -> talk.stream().chunk(ROLE).event("<html>"), "upstream_malformed_response");
        isBrokenOff(talk -> talk.stream().chunk(ROLE + CONTENT).event("{\"id\":"), "upstream_malformed_response");
        isCounted("malformed", 2);
    }

    @Test
    void anErrorInsideAStreamGoesOnInItsOwnWords() throws IOException {
        peer.script(talk -> talk.stream().chunk(ROLE).event(ERROR));
        WireClient.Answer before = call(DoorFixture.STREAM);
        assertThat(before.status()).isEqualTo(502);
        assertThat(before.body()).isEqualTo(ERROR);
        peer.script(talk -> talk.stream().chunk(ROLE + CONTENT).event(ERROR).event("[DONE]"));
        WireClient.Answer after = call(DoorFixture.STREAM);
        assertThat(after.status()).isEqualTo(200);
        assertThat(after.body()).isEqualTo(ROLE + CONTENT + "event: error\ndata: " + ERROR + "\n\n");
        isCounted("error", 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/html", "application/json", "text/event-stream"})
    void aPageAnErrorOrNothingUnderTwoHundred(String type) throws IOException {
        for (String body : new String[] {"<html><body>oops</body></html>\n", ERROR, "", " \n"}) {
            isRefused(talk -> talk.raw(answer(type, body)), "upstream_malformed_response");
            peer.script(talk -> talk.raw(answer(type, body)));
            assertThat(call(DoorFixture.CALL).body()).contains("\"code\":\"upstream_malformed_response\"");
        }
    }

    @Test
    void aStreamWhereAJsonAnswerWasAskedFor() throws IOException {
        peer.script(talk -> talk.stream().chunk(ROLE + CONTENT));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.body()).contains("\"code\":\"upstream_malformed_response\"");
        isCounted("stream_for_json", 1);
        peer.script(talk -> talk.raw(answer("application/json", ROLE + CONTENT)));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(502);
    }

    @Test
    void anEventOfMoreThan16MiB() throws IOException {
        isRefused(talk -> flood(talk.stream().chunk(ROLE + "data: \""), 0), "upstream_event_too_large");
        isBrokenOff(talk -> flood(talk.stream().chunk(ROLE + CONTENT + "data: \""), 0), "upstream_event_too_large");
        isCounted("event_too_large", 2);
    }

    @Test
    void aJsonAnswerOfMoreThan64MiB() throws IOException {
        peer.script(talk ->
                talk.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 67108865\r\n\r\n{"));
        assertThat(call(DoorFixture.CALL).body()).contains("\"code\":\"upstream_malformed_response\"");
        peer.script(talk -> flood(
                talk.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
                        .chunk("{\"a\":\""),
                0));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.body()).contains("64 MiB");
    }

    /** Before content: a status, and the connection is not used again. */
    private void isRefused(Consumer<ScriptedPeer.Talk> script, String code) throws IOException {
        peer.script(script);
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    }

    /** After content: what came before stands, then one event. */
    private void isBrokenOff(Consumer<ScriptedPeer.Talk> script, String code) throws IOException {
        peer.script(script);
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .startsWith(ROLE + CONTENT + "event: error\ndata: {\"error\":{\"message\":\"")
                .endsWith("\"code\":\"" + code + "\"}}\n\n")
                .doesNotContain("[DONE]");
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

    private static String answer(String type, String body) {
        return "HTTP/1.1 200 OK\r\ncontent-type: " + type + "\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
    }

    /** Sends without end, as fast as it is taken. */
    private static void flood(ScriptedPeer.Talk talk, int sent) {
        for (int i = 0; i < 8 && !talk.isFull(); i++) {
            talk.chunk("x".repeat(1 << 18));
        }
        if (sent < 2_000) {
            talk.later(1, then -> flood(then, sent + 1));
        }
    }
}
