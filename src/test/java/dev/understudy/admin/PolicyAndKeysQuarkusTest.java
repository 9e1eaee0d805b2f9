package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.database.DataFolder;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What ops do with policies and keys at the people's door. */
@QuarkusTest
class PolicyAndKeysQuarkusTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TestHTTPResource("/")
    @SuppressWarnings("NullAway.Init") // set by Quarkus before any test
    URI door;

    @Inject
    DataFolder folder;

    @Inject
    Pool pool;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void validateListsTheProblemsOfTheFiles() throws Exception {
        JsonNode verdict =
                JSON.readTree(send("POST", "/api/policy/validate", "").body());
        assertThat(verdict.path("sound").asBoolean()).isTrue();
        assertThat(verdict.path("errors").asInt()).isZero();
        assertThat(verdict.path("active").asText())
                .matches("[0-9a-f]{12}")
                .isEqualTo(verdict.path("revision").asText());
        assertThat(verdict.at("/problems/0/code").asText()).isEqualTo("W609");
    }

    @Test
    void reloadLeavesTheSameSetInForceAndTheAcceptedOneIsStored() throws Exception {
        String revision = JSON.readTree(send("POST", "/api/policy/reload", "").body())
                .path("active")
                .asText();
        Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            var row = pool.query("select rev, accepted, files from understudy.policy_snapshot order by id desc limit 1")
                    .execute()
                    .await()
                    .atMost(Duration.ofSeconds(5))
                    .iterator();
            assertThat(row.hasNext()).isTrue();
            var last = row.next();
            assertThat(last.getString("rev")).isEqualTo(revision);
            assertThat(last.getBoolean("accepted")).isTrue();
            assertThat(last.getJsonObject("files").getString("routing.yaml")).contains("demo-tools");
        });
    }

    @Test
    void aKeyIsMadeListedAndRevoked() throws Exception {
        HttpResponse<String> created = send(
                "POST", "/api/keys", "{\"team\":\"local\",\"app\":\"default\",\"name\":\"n\",\"expiresInDays\":3}");
        assertThat(created.statusCode()).isEqualTo(201);
        JsonNode key = JSON.readTree(created.body());
        assertThat(key.path("key").asText())
                .startsWith("usk_" + key.path("prefix").asText());
        assertThat(send("GET", "/api/keys", "").body())
                .contains(key.path("prefix").asText())
                .doesNotContain(key.path("key").asText());
        HttpResponse<String> revoked =
                send("DELETE", "/api/keys/" + key.path("prefix").asText(), "");
        assertThat(JSON.readTree(revoked.body()).path("revokedAt").isNull()).isFalse();
    }

    @Test
    void aWishThatCannotBeIsRefusedByField() throws Exception {
        assertRefused(send("POST", "/api/keys", "{\"team\":\"nobody\",\"app\":\"default\"}"), 400, "team");
        assertRefused(send("POST", "/api/keys", "{\"team\":\"local\",\"app\":\"nothing\"}"), 400, "app");
        assertRefused(send("POST", "/api/keys", "{\"team\":\"Not a name\",\"app\":\"default\"}"), 400, "team");
        assertRefused(
                send("POST", "/api/keys", "{\"team\":\"local\",\"app\":\"default\",\"expiresInDays\":0}"),
                400,
                "expiresInDays");
        assertThat(send("DELETE", "/api/keys/00000000", "").statusCode()).isEqualTo(404);
    }

    private static void assertRefused(HttpResponse<String> answer, int status, String field) throws Exception {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(JSON.readTree(answer.body()).at("/error/param").asText()).isEqualTo(field);
    }

    private HttpResponse<String> send(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(door.resolve(path))
                .header("Authorization", "Bearer " + folder.adminToken())
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
