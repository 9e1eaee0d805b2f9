package dev.understudy.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScriptedResponsesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOOLS = "\"tools\":[{\"type\":\"function\",\"name\":\"get_weather\",\"parameters\":"
            + "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}]";

    private Vertx vertx;
    private HttpClient http;
    private URI base;

    @BeforeEach
    void open() {
        vertx = Vertx.vertx();
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        int port = ScriptedUpstream.start(
                        vertx, 0, 7, ScriptedPace.AT_ONCE, InstantSource.fixed(Instant.ofEpochSecond(1_790_000_000)))
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join()
                .port();
        base = URI.create("http://127.0.0.1:" + port + "/v1/responses");
    }

    @AfterEach
    void close() {
        http.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void aTextComesAsOneMessage() throws Exception {
        JsonNode answer = JSON.readTree(post("{\"input\":\"Count to 4\"}").body());

        assertThat(answer.path("object").asText()).isEqualTo("response");
        assertThat(answer.path("status").asText()).isEqualTo("completed");
        assertThat(answer.at("/output/0/content/0/text").asText()).isEqualTo("1 2 3 4");
        assertThat(answer.at("/usage/total_tokens").asInt())
                .isEqualTo(answer.at("/usage/input_tokens").asInt()
                        + answer.at("/usage/output_tokens").asInt());
    }

    @Test
    void aStreamTellsTheSameTextAndEndsCompletedWithoutAnEndMark() throws Exception {
        List<JsonNode> events =
                events(post("{\"stream\":true,\"input\":\"Count to 12\"}").body());

        var text = new StringBuilder();
        for (int i = 0; i < events.size(); i++) {
            JsonNode event = events.get(i);
            assertThat(event.path("sequence_number").asInt()).isEqualTo(i);
            if (event.path("type").asText().equals("response.output_text.delta")) {
                text.append(event.path("delta").asText());
            }
        }
        assertThat(text).hasToString("1 2 3 4 5 6 7 8 9 10 11 12");
        assertThat(events.getFirst().path("type").asText()).isEqualTo("response.created");
        assertThat(events.getLast().path("type").asText()).isEqualTo("response.completed");
        assertThat(events.getLast().at("/response/output/0/content/0/text").asText())
                .isEqualTo(text.toString());
    }

    @Test
    void aToolIsCalledAndItsResultIsReadInTheNextTurn() throws Exception {
        JsonNode called = JSON.readTree(post("{\"input\":\"How is the weather in Paris\"," + TOOLS + "}")
                .body());
        String call = called.at("/output/0/call_id").asText();
        JsonNode told = JSON.readTree(post("{\"previous_response_id\":\""
                        + called.path("id").asText() + "\",\"input\":[{\"type\":\"function_call_output\",\"call_id\":\""
                        + call + "\",\"output\":\"rain\"}]," + TOOLS + "}")
                .body());

        assertThat(called.at("/output/0/name").asText()).isEqualTo("get_weather");
        assertThat(called.at("/output/0/arguments").asText()).isEqualTo("{\"city\":\"Paris\"}");
        assertThat(told.at("/output/0/content/0/text").asText()).isEqualTo("The tool says: rain");
    }

    @Test
    void anUnknownPreviousResponseIsRefused() throws Exception {
        HttpResponse<String> answer = post("{\"previous_response_id\":\"resp_none\",\"input\":\"hi\"}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).at("/error/code").asText()).isEqualTo("previous_response_not_found");
    }

    @Test
    void aResponseCanBeReadAgainUntilItIsDeleted() throws Exception {
        String document = post("{\"input\":\"hi\"}").body();
        URI one = URI.create(base + "/" + JSON.readTree(document).path("id").asText());

        assertThat(send(HttpRequest.newBuilder(one).GET()).body()).isEqualTo(document);
        assertThat(send(HttpRequest.newBuilder(one).DELETE()).statusCode()).isEqualTo(200);
        assertThat(send(HttpRequest.newBuilder(one).GET()).statusCode()).isEqualTo(404);
    }

    private HttpResponse<String> post(String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(base).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private static List<JsonNode> events(String stream) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (String event : stream.split("\n\n")) {
            events.add(JSON.readTree(event.substring(event.indexOf("data: ") + 6)));
        }
        return events;
    }
}
