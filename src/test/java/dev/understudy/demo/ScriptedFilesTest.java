package dev.understudy.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ScriptedFilesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FORM = "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n";

    private Vertx vertx;
    private HttpClient http;
    private String base;

    @BeforeEach
    void open() {
        vertx = Vertx.vertx();
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        base = "http://127.0.0.1:"
                + ScriptedUpstream.start(
                                vertx,
                                0,
                                7,
                                ScriptedPace.AT_ONCE,
                                InstantSource.fixed(Instant.ofEpochSecond(1_790_000_000)))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .orTimeout(30, TimeUnit.SECONDS)
                        .join()
                        .port()
                + "/v1";
    }

    @AfterEach
    void close() {
        http.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private HttpResponse<String> ask(String method, String path, String body, String type)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create(base + path))
                        .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                        .header("content-type", type)
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void aFileIsThereFromItsUploadToItsDeletion() throws Exception {
        JsonNode file = JSON.readTree(
                ask("POST", "/files", FORM, "multipart/form-data; boundary=b").body());
        String path = "/files/" + file.path("id").asText();
        assertThat(file.path("bytes").asInt()).isEqualTo(5);
        assertThat(file.path("filename").asText()).isEqualTo("a.txt");
        assertThat(file.path("purpose").asText()).isEqualTo("batch");
        assertThat(JSON.readTree(ask("GET", path, "", "x/y").body())).isEqualTo(file);
        assertThat(ask("GET", path + "/content", "", "x/y").body()).isEqualTo("hello");
        assertThat(JSON.readTree(ask("GET", "/files", "", "x/y").body()).at("/data/0"))
                .isEqualTo(file);
        assertThat(ask("DELETE", path, "", "x/y").body()).contains("\"deleted\":true");
        assertThat(ask("GET", path, "", "x/y").statusCode()).isEqualTo(404);
    }

    @Test
    void textsOfTheSameLettersLieTogetherAndEachCountsItsTokens() throws Exception {
        JsonNode answer = JSON.readTree(ask("POST", "/embeddings", "{\"input\":[\"abc\",\"cab\"]}", "application/json")
                .body());
        assertThat(answer.at("/data/0/embedding")).isEqualTo(answer.at("/data/1/embedding"));
        assertThat(answer.at("/data/0/embedding").size()).isEqualTo(32);
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isPositive();
        assertThat(ask("POST", "/embeddings", "{\"input\":[]}", "application/json")
                        .statusCode())
                .isEqualTo(400);
    }
}
