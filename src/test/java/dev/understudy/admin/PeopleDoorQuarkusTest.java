package dev.understudy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in at the people's door, and how those are told who do not. */
@QuarkusTest
class PeopleDoorQuarkusTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TestHTTPResource("/")
    @SuppressWarnings("NullAway.Init") // set by Quarkus before any test
    URI door;

    @Inject
    DataFolder folder;

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/calls",
                "/api/events",
                "/api/nothing",
                "/v1/organization/costs",
                "/q/metrics",
                "/q/openapi",
                "/q/dev",
                "/nothing"
            })
    void isClosedWithoutAToken(String path) throws Exception {
        HttpResponse<String> answer = get(path, null);

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("www-authenticate")).hasValue("Bearer realm=\"understudy\"");
        assertError(answer, "invalid_api_key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/calls", "/", "/q/health"})
    void isClosedToAWrongToken(String path) throws Exception {
        HttpResponse<String> answer = get(path, "Bearer wrong");

        assertThat(answer.statusCode()).isEqualTo(401);
        assertError(answer, "invalid_api_key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/calls", "/q/metrics", "/q/openapi"})
    void opensToTheTokenOfTheDataFolder(String path) throws Exception {
        assertThat(get(path, "Bearer " + folder.adminToken()).statusCode()).isEqualTo(200);
    }

    @Test
    void takesTheTokenFromTheHeaderOnly() throws Exception {
        assertThat(get("/api/calls?token=" + folder.adminToken(), null).statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/q/health", "/q/health/live", "/q/health/ready"})
    void tellsAnybodyItsHealth(String path) throws Exception {
        assertThat(get(path, null).statusCode()).isIn(200, 503);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets%2F..%2Fapi/calls",
                "/assets/../api/calls",
                "/api;x/calls",
                "//api/calls",
                "/assets%5C..%5Capi"
            })
    void refusesPathsThatCouldBeReadInTwoWays(String path) throws Exception {
        String answer = raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("\"code\":\"invalid_value\"");
    }

    @Test
    void namesTheFieldThatIsOutOfItsRange() throws Exception {
        HttpResponse<String> answer = get("/api/calls?limit=0", "Bearer " + folder.adminToken());

        assertThat(answer.statusCode()).isEqualTo(400);
        JsonNode error = assertError(answer, "invalid_value");
        assertThat(error.get("param").asText()).isEqualTo("limit");
        assertThat(error.get("message").asText()).isEqualTo("limit must be greater than or equal to 1.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/calls?before=x", "/api/calls/x"})
    void refusesAnIdThatIsNone(String path) throws Exception {
        HttpResponse<String> answer = get(path, "Bearer " + folder.adminToken());

        assertThat(answer.statusCode()).isEqualTo(400);
        assertError(answer, "invalid_value");
    }

    @Test
    void saysThatThereIsNoSuchCall() throws Exception {
        HttpResponse<String> answer =
                get("/api/calls/01990000-0000-7000-8000-000000000000", "Bearer " + folder.adminToken());

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(assertError(answer, "not_found").get("param").asText()).isEqualTo("id");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/nothing", "/nothing", "/assets/nothing.js"})
    void saysThatThereIsNoSuchAddress(String path) throws Exception {
        HttpResponse<String> answer = get(path, "Bearer " + folder.adminToken());

        assertThat(answer.statusCode()).isEqualTo(404);
        assertError(answer, "unknown_url");
    }

    @Test
    void saysThatAnAddressDoesNotTakeAMethod() throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(door.resolve("/api/calls"))
                        .header("authorization", "Bearer " + folder.adminToken())
                        .DELETE()
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(405);
        assertError(answer, "method_not_allowed");
    }

    @Test
    void forbidsThePageToFetchFromElsewhereAndAnswersToBeKept() throws Exception {
        HttpResponse<String> answer = get("/api/calls", "Bearer " + folder.adminToken());

        assertThat(answer.headers().firstValue("content-security-policy"))
                .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'none'; script-src 'self'"));
        assertThat(answer.headers().firstValue("x-content-type-options")).hasValue("nosniff");
        assertThat(answer.headers().firstValue("referrer-policy")).hasValue("no-referrer");
        assertThat(answer.headers().firstValue("cache-control")).hasValue("no-store");
    }

    private HttpResponse<String> get(String path, @Nullable String authorization)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(door.resolve(path));
        if (authorization != null) {
            request.header("authorization", authorization);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private String raw(String request) throws IOException, StoreFailure {
        try (var socket = new Socket(door.getHost(), door.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .lines()
                    .collect(Collectors.joining("\n"));
        }
    }

    private static JsonNode assertError(HttpResponse<String> answer, String code) throws IOException {
        assertThat(answer.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/json"));
        JsonNode error = JSON.readTree(answer.body()).path("error");
        assertThat(error.fieldNames()).toIterable().containsExactly("message", "type", "param", "code");
        assertThat(error.get("code").asText()).isEqualTo(code);
        return error;
    }
}
