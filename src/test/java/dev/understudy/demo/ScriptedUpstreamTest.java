package dev.understudy.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScriptedUpstreamTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1_790_000_000));

    private Vertx vertx;
    private HttpClient http;

    @BeforeEach
    void open() {
        vertx = Vertx.vertx();
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterEach
    void close() {
        http.close();
        done(vertx.close());
    }

    @Test
    void itSaysThatItIsScripted() throws Exception {
        int port = start(ScriptedPace.AT_ONCE).port();

        HttpResponse<String> answer = post(port, "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");

        assertThat(answer.headers().firstValue("x-scripted-upstream"))
                .hasValue("understudy demo; no model answers here");
        JsonNode document = JSON.readTree(answer.body());
        assertThat(document.path("model").asText()).isEqualTo("scripted");
        assertThat(document.path("created").asLong()).isEqualTo(1_790_000_000);
        assertThat(document.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
        assertThat(document.at("/usage/total_tokens").asInt())
                .isEqualTo(document.at("/usage/prompt_tokens").asInt()
                        + document.at("/usage/completion_tokens").asInt());
    }

    @Test
    void aStreamHasTheSameTextAndItsUsageWhenAsked() throws Exception {
        int port = start(new ScriptedPace(1, 5_000)).port();

        String events = post(
                        port,
                        "{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                                + "\"messages\":[{\"role\":\"user\",\"content\":\"Count to 12\"}]}")
                .body();

        var text = new StringBuilder();
        for (String line : events.split("\n\n")) {
            if (line.startsWith("data: {")) {
                text.append(JSON.readTree(line.substring("data: ".length()))
                        .at("/choices/0/delta/content")
                        .asText());
            }
        }
        assertThat(text).hasToString("1 2 3 4 5 6 7 8 9 10 11 12");
        assertThat(events)
                .contains("\"choices\":[],\"usage\":{\"prompt_tokens\"")
                .endsWith("\n\ndata: [DONE]\n\n");
    }

    @Test
    void anAbandonedStreamIsCountedAndClosed() throws Exception {
        int port = start(new ScriptedPace(0, 100)).port();
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String body = "{\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Count to 9000\"}]}";
            socket.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: " + body.length()
                                    + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
            assertThat(stats(port).at("/streams/active").asInt()).isEqualTo(1);
        }

        await().atMost(Duration.ofSeconds(5))
                .until(() -> stats(port).at("/streams/aborted").asInt() == 1);
        assertThat(stats(port).path("active").asInt()).isZero();
        assertThat(stats(port).path("openConnections").asInt()).isEqualTo(1);
    }

    @Test
    void errandsAreCounted() throws Exception {
        int port = start(ScriptedPace.AT_ONCE).port();
        var inbox = new DemoMessages(3, Split.TRAIN);

        post(port, inbox.next(DemoErrand.TRIAGE).body().toString());
        post(port, inbox.next(DemoErrand.TOOLS).body().toString());
        post(port, inbox.next(DemoErrand.TOOLS).body().toString());
        post(port, "no json");

        JsonNode stats = stats(port);
        assertThat(stats.path("errands")).hasToString("{\"demo-tools\":2,\"demo-triage\":1}");
        assertThat(stats.path("answered").asInt()).isEqualTo(3);
        assertThat(stats.path("refused").asInt()).isEqualTo(1);
    }

    @Test
    void aTakenPortFailsTheStart() {
        int port = start(ScriptedPace.AT_ONCE).port();

        Future<ScriptedUpstream> second = ScriptedUpstream.start(vertx, port, 1, ScriptedPace.AT_ONCE, CLOCK);

        assertThatThrownBy(() -> done(second)).hasRootCauseInstanceOf(BindException.class);
    }

    @Test
    void theAgentWorksThroughItsInbox() {
        int port = start(ScriptedPace.AT_ONCE).port();
        var plan = new DemoAgent.Plan(URI.create("http://127.0.0.1:" + port), 150, 5, 4);

        DemoTally tally = done(DemoAgent.run(vertx, plan, ended -> {}));

        assertThat(tally.calls()).isEqualTo(150);
        assertThat(tally.failed()).isZero();
        assertThat(tally.served()).containsEntry("unnamed", 150);
        assertThat(tally.errands()).containsOnlyKeys(DemoErrand.values());
        DemoTally.Errand tools = Objects.requireNonNull(tally.errands().get(DemoErrand.TOOLS));
        assertThat(tools.right()).isBetween(tools.checked() - 3, tools.checked());
    }

    @Test
    void theAgentCountsWhatFails() {
        int port = start(ScriptedPace.AT_ONCE).port();
        var plan = new DemoAgent.Plan(URI.create("http://127.0.0.1:" + port + "/nowhere"), 10, 5, 3);

        DemoTally tally = done(DemoAgent.run(vertx, plan, ended -> {}));

        assertThat(tally.failed()).isEqualTo(10);
        assertThat(tally.failures())
                .containsExactly("status 404: the scripted upstream has no POST /nowhere/v1/chat/completions");
    }

    private ScriptedUpstream start(ScriptedPace pace) {
        return done(ScriptedUpstream.start(vertx, 0, 7, pace, CLOCK));
    }

    private HttpResponse<String> post(int port, String body) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/chat/completions"))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private JsonNode stats(int port) throws IOException, InterruptedException {
        return JSON.readTree(http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/stats"))
                                .build(),
                        BodyHandlers.ofString())
                .body());
    }

    private static <T> T done(Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }
}
