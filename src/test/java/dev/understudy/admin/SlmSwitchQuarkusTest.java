package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.database.DataFolder;
import dev.understudy.inspect.SlmSwitch;
import dev.understudy.serve.AgentsDoor;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The switch for all small models, at the people's door and in the database. */
@QuarkusTest
@SuppressWarnings("NullAway.Init") // fields are set by Quarkus
class SlmSwitchQuarkusTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PROMISED = Duration.ofSeconds(2);
    /** A small model by its own name, which nobody else may stand in for. */
    private static final String CALL =
            "{\"model\":\"starter\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @TestHTTPResource("/")
    URI door;

    @Inject
    DataFolder folder;

    @Inject
    Pool pool;

    @Inject
    SlmSwitch slmSwitch;

    @Inject
    AgentsDoor agents;

    private final HttpClient http = HttpClient.newHttpClient();

    @AfterEach
    void on() throws Exception {
        assertThat(put("{\"enabled\":true}").statusCode()).isEqualTo(200);
    }

    @Test
    void offHoldsAtOnceIsStoredOnceAndLogged() throws Exception {
        Queue<String> lines = new ConcurrentLinkedQueue<>();
        Handler handler = listenTo(lines);
        long rows = rows();
        JsonNode off = JSON.readTree(put("{\"enabled\":false}").body());

        assertThat(off.path("enabled").asBoolean()).isFalse();
        assertThat(off.path("actor").asText()).isEqualTo("admin");
        assertThat(off.path("at").asText()).startsWith("20");
        assertThat(slmSwitch.isOff()).isTrue();
        put("{\"enabled\":false}");
        assertThat(rows()).isEqualTo(rows + 1);
        assertThat(get("/api/slm").path("enabled").asBoolean()).isFalse();
        assertThat(get("/api/summary").at("/slm/enabled").asBoolean()).isFalse();
        assertThat(get("/q/health/ready").toString()).contains("\"switch\":\"off\"");
        assertThat(get("/q/health/ready").path("status").asText()).isEqualTo("UP");
        Logger.getLogger("dev.understudy.policy.StoredSlmSwitch").removeHandler(handler);
        assertThat(lines)
                .anyMatch(line -> line.equals("small models switched status=off actor=admin before=on"))
                .noneMatch(line -> line.contains("token"));
    }

    @Test
    void aCallForASmallModelAloneIsDeniedWhileItIsOff() throws Exception {
        put("{\"enabled\":false}");
        HttpResponse<String> denied = call();

        assertThat(denied.statusCode()).isEqualTo(403);
        assertThat(JSON.readTree(denied.body()).at("/error/code").asText()).isEqualTo("no_eligible_model");
        put("{\"enabled\":true}");
        assertThat(call().statusCode()).isNotEqualTo(403);
    }

    @Test
    void whatAnotherGatewayDoesIsSeenWithinTwoSeconds() {
        move(false);
        await().atMost(PROMISED).until(slmSwitch::isOff);
        move(true);
        await().atMost(PROMISED).until(() -> !slmSwitch.isOff());
    }

    @Test
    void aWishThatSaysNothingMovesNothing() throws Exception {
        assertThat(put("{}").statusCode()).isEqualTo(400);
        assertThat(put("{\"enabled\":\"maybe\"}").statusCode()).isEqualTo(400);
        HttpResponse<String> stranger = http.send(
                HttpRequest.newBuilder(door.resolve("/api/slm"))
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString("{\"enabled\":false}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(stranger.statusCode()).isEqualTo(401);
        assertThat(slmSwitch.isOff()).isFalse();
    }

    private static Handler listenTo(Queue<String> lines) {
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(String.format(Locale.ROOT, line.getMessage(), line.getParameters()));
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger.getLogger("dev.understudy.policy.StoredSlmSwitch").addHandler(handler);
        return handler;
    }

    /** As another gateway does. */
    private void move(boolean enabled) {
        pool.query("insert into understudy.slm_switch (enabled, actor) values (" + enabled + ", 'other')")
                .executeAndAwait();
    }

    private long rows() {
        return pool.query("select count(*) from understudy.slm_switch")
                .executeAndAwait()
                .iterator()
                .next()
                .getLong(0);
    }

    private JsonNode get(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(door.resolve(path))
                .header("Authorization", "Bearer " + folder.adminToken())
                .build();
        return JSON.readTree(
                http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    private HttpResponse<String> put(String body) throws Exception {
        return http.send(
                HttpRequest.newBuilder(door.resolve("/api/slm"))
                        .header("Authorization", "Bearer " + folder.adminToken())
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> call() throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + agents.port() + "/v1/chat/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(CALL))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
