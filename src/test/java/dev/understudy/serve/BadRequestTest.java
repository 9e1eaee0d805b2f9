package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
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

class BadRequestTest {
    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    private DoorFixture fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl());

    @BeforeEach
    void open() {
        fixture.open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void brokenJsonIsAnErrorWithFourKeysAndStillOneInteraction() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post("{\"model\":").answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("\"param\":null,\"code\":\"invalid_json\"");
            assertThat(answer.header("x-request-id")).startsWith("req_");
            Interaction interaction = fixture.interaction();
            assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.FAILED);
            assertThat(interaction.error()).isEqualTo("invalid_json");
            assertThat(interaction.call().body()).isEmpty();
            assertThat(interaction.signals()).isNull();
            // The connection is still good.
            assertThat(client.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
        }
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aDeclaredLengthOverTheLimitIsRefusedUnread() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(
                            "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 99999999\r\n\r\n{")
                    .answer();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).contains("request_too_large");
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void endlessChunksAreRefusedAtTheLimit() throws IOException {
        String mebibyte = "100000\r\n" + " ".repeat(1 << 20) + "\r\n";
        try (WireClient client = new WireClient(fixture.port())) {
            client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n");
            try {
                for (int i = 0; i < 70; i++) {
                    client.send(mebibyte);
                }
            } catch (IOException e) {
                // Closed while still sending, as it should be.
                assertThat(e).hasMessageContaining("");
            }
        }
        await().until(() -> fixture.recorded.size() == 1);
        assertThat(fixture.interaction().error()).isEqualTo("request_too_large");
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "text/plain,415",
        "multipart/form-data; boundary=x,415",
        "application/json; charset=utf-8,200",
        "application/vnd.api+json,200",
    })
    void theTypeMustBeJson(String type, int status) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            String head = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-type: " + type
                    + "\r\ncontent-length: " + DoorFixture.CALL.length() + "\r\n\r\n";
            assertThat(client.send(head + DoorFixture.CALL).answer().status()).isEqualTo(status);
        }
    }

    @Test
    void aCompressedBodyOfAnUnknownKindIsRefused() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer =
                    client.post(DoorFixture.CALL, "content-encoding: br").answer();
            assertThat(answer.status()).isEqualTo(415);
        }
    }

    @Test
    void aQueryThatIsNoneIsRefused() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send("POST /v1/chat/completions?x=%zz HTTP/1.1\r\nhost: g\r\n"
                            + "content-length: " + DoorFixture.CALL.length() + "\r\n\r\n" + DoorFixture.CALL)
                    .answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("invalid_value");
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void anotherDestinationIsRefusedInHeadersAndQuery() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer =
                    client.post(DoorFixture.CALL, "x-api-base: http://x").answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("unsupported_parameter");
        }
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/v1",
                "/v1/chat/completions/",
                "/v1/assistants",
                "//v1/chat/completions",
                "/v1/chat/completions;x=y",
                "/v1/%2e%2e/v1/chat/completions",
                "/v1/chat%2Fcompletions",
                "/v1/models/..%2F..%2Fapi",
                "/v1/models/a%5Cb",
                "/api/calls",
            })
    void anyOtherPathIsNotFound(String path) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer =
                    client.send("GET " + path + " HTTP/1.1\r\nhost: g\r\n\r\n").answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("\"code\":\"unknown_url\"");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/v1/chat/completions", "/chat/completions", "/models"})
    void aWrongBaseUrlIsNamed(String path) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(
                            "POST " + path + " HTTP/1.1\r\nhost: gate:8080\r\ncontent-length: 0\r\n\r\n")
                    .answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("http://gate:8080/v1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/v1/chat/completions,POST",
        "DELETE,/v1/chat/completions,POST",
        "POST,/v1/models,GET",
        "PUT,/v1/models/x,GET",
    })
    void anotherMethodIsNotAllowed(String method, String path, String allow) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(
                            method + " " + path + " HTTP/1.1\r\nhost: g\r\ncontent-length: 0\r\n\r\n")
                    .answer();
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("allow")).isEqualTo(allow);
            assertThat(answer.body()).contains("\"code\":\"method_not_allowed\"");
        }
    }

    @Test
    void tooLongHeadersAreRefused() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-long: "
                            + "x".repeat(70_000) + "\r\n\r\n")
                    .answer();
            assertThat(answer.status()).isEqualTo(431);
            assertThat(answer.body()).contains("\"code\":\"headers_too_large\"");
        }
    }

    @Test
    void lengthAndChunksTogetherAreRefusedAndNothingFollows() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(
                            "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 5\r\n"
                                    + "transfer-encoding: chunked\r\n\r\n0\r\n\r\nPOST /v1/chat/completions HTTP/1.1\r\n\r\n")
                    .answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(client.isClosed()).isTrue();
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void anUpgradeToHttp2IsAnsweredAsTheRequestThatItIs() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(
                            DoorFixture.CALL,
                            "connection: Upgrade, HTTP2-Settings",
                            "upgrade: h2c",
                            "http2-settings: AAMAAABkAARAAAAAAAIAAAAA")
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
        }
        assertThat(peer.talks().getFirst().text()).isEqualTo(DoorFixture.CALL);
    }

    @Test
    void modelsAreListedAndFoundByName() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer list =
                    client.send("GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n").answer();
            assertThat(list.body())
                    .matches(
                            "\\{\"object\":\"list\",\"data\":\\[\\{\"id\":\"llm\",\"object\":\"model\",\"created\":[0-9]+,"
                                    + "\"owned_by\":\"upstream\"\\}\\]\\}");
            assertThat(client.send("GET /v1/models/llm HTTP/1.1\r\nhost: g\r\n\r\n")
                            .answer()
                            .body())
                    .startsWith("{\"id\":\"llm\"");
            WireClient.Answer none = client.send("GET /v1/models/a%2Fb HTTP/1.1\r\nhost: g\r\n\r\n")
                    .answer();
            assertThat(none.status()).isEqualTo(404);
            assertThat(none.body()).contains("`a/b`").contains("\"param\":\"model\",\"code\":\"model_not_found\"");
        }
    }

    @Test
    void aDenialIsToldAndRecorded() throws IOException {
        fixture.deny(new Decision.Denial(404, "model_not_found", "The model `m` does not exist.", "model"));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("\"param\":\"model\",\"code\":\"model_not_found\"");
            assertThat(answer.header("x-understudy-policy")).isEqualTo("0123456789ab everyone/default");
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.DENIED);
    }

    @Test
    void aFaultOfOurOwnIsAFixedText() throws IOException {
        fixture.fault(new IllegalStateException("secret detail"));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.post(DoorFixture.CALL).answer();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("\"code\":\"internal_error\"").doesNotContain("secret");
        }
        assertThat(fixture.interaction().error()).isEqualTo("internal_error");
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void callsInFlightEndBeforeTheDoorCloses() throws IOException {
        peer.script(talk -> talk.stream().content("first").later(300, ScriptedPeer.Talk::finish));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.post(DoorFixture.STREAM).head();
            Thread closing = Thread.ofPlatform().start(fixture.door::close);
            assertThat(client.body(head)).endsWith("data: [DONE]\n\n");
            await().until(() -> !closing.isAlive());
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
    }
}
