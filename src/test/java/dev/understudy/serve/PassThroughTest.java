package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Secret;
import dev.understudy.call.TokenCount;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OpenAI's other paths, between a client and a scripted upstream. */
class PassThroughTest {
    private static final String EMBEDDING =
            "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.1,-0.2]}],"
                    + "\"model\":\"e\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}";

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> talk.json(200, EMBEDDING));
        fixture = new DoorFixture(vertx)
                .upstreamCalled("llm", peer.baseUrl(), "its-own-name")
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    private WireClient client() throws IOException {
        return new WireClient(fixture.port());
    }

    @Test
    void anEmbeddingGoesOnUnderTheUpstreamsModelNameAndItsUsageIsInTheRow() throws IOException {
        String sent = "{ \"input\" : [\"a\",\"\\u00e4\"],\"model\": \"asked-for\" ,\"extra\":{\"x\":1e999} }";
        try (WireClient client = client()) {
            WireClient.Answer answer = client.request("POST /v1/embeddings?api-version=1&evil=2", sent)
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo(EMBEDDING);
            assertThat(answer.header("x-understudy-served-by")).isEqualTo("llm");
            assertThat(answer.header("x-understudy-policy")).isEqualTo("0123456789ab everyone/default");
            assertThat(answer.header("content-type")).isEqualTo("application/json");
        }
        ScriptedPeer.Talk talk = peer.talks().getFirst();
        assertThat(talk.head()).startsWith("POST /v1/embeddings?api-version=1 HTTP/1.1\r\n");
        assertThat(talk.text()).isEqualTo(sent.replace("asked-for", "its-own-name"));
        Interaction row = fixture.interaction();
        assertThat(row.call().api()).isEqualTo(Api.OTHER);
        assertThat(row.call().model()).isEqualTo("asked-for");
        assertThat(row.outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        assertThat(Objects.requireNonNull(row.decision()).capture().record()).isEqualTo(CaptureOrder.Level.METADATA);
        Attempt attempt = row.attempts().getFirst();
        assertThat(attempt.tokens()).isEqualTo(new TokenCount(8, 0, 0, TokenCount.Source.REPORTED));
        assertThat(row.cost()).isEqualByComparingTo("0.000008");
        assertThat(attempt.answer()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    GET     | embeddings                  | POST
                    HEAD    | files                       | GET, POST
                    OPTIONS | files/file-1                | GET, DELETE
                    PUT     | files/file-1/content        | GET
                    DELETE  | batches/batch_1             | GET
                    GET     | batches/batch_1/cancel      | POST
                    PATCH   | conversations/conv_1        | GET, POST, DELETE
                    POST    | responses/resp_1            | GET, DELETE
                    GET     | responses/compact           | POST
                    POST    | chat/completions/c_1/messages | GET
                    """)
    void anotherMethodOfAListedPathIsRefusedWithThoseThatItHas(String method, String path, String allowed)
            throws IOException {
        try (WireClient client = client()) {
            WireClient.Head head = client.request(method + " /v1/" + path, null).head();
            assertThat(head.status()).isEqualTo(405);
            assertThat(head.header("allow")).isEqualTo(allowed);
        }
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "assistants",
                "fine_tuning/jobs",
                "embeddings/",
                "embeddings/x",
                "files//content",
                "files/%2e%2e/models",
                "files/a%2Fb",
                "files/a/content/more",
                "audio",
                "images",
                "uploads/u/parts/p",
                "vector_stores"
            })
    void anyOtherPathIsUnknown(String path) throws IOException {
        try (WireClient client = client()) {
            WireClient.Answer answer = client.request("GET /v1/" + path, null).answer();
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body()).contains("\"code\":\"unknown_url\"");
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aListedPathInTheWrongPlaceNamesTheBaseUrl() throws IOException {
        for (String path : List.of("/embeddings", "/v1/v1/embeddings")) {
            try (WireClient client = client()) {
                WireClient.Answer answer = client.request("POST " + path, "{}").answer();
                assertThat(answer.status()).isEqualTo(404);
                assertThat(answer.body()).contains("http://gateway/v1");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"model":"m","model":"n"}                        | 400 | duplicate_key
                    {"model":"m","Model":"n"}                        | 400 | duplicate_key
                    {"model":7}                                      | 400 | invalid_type
                    {"model":"m"                                     | 400 | invalid_json
                    []                                               | 400 | invalid_json
                    {"model":"m","base_url":"http://x"}              | 400 | unsupported_parameter
                    {"model":"m","x-base-url":null}                  | 400 | unsupported_parameter
                    {"model":"m","extra_body":{"api_base":"x"}}      | 400 | unsupported_parameter
                    {"model":"m","tools":[{"custom_host":"x"}]}      | 400 | unsupported_parameter
                    {"model":"m","previous_response_id":{}}          | 400 | invalid_type
                    """)
    void aBodyThatMustNotGoOnIsRefused(String body, int status, String code) throws IOException {
        try (WireClient client = client()) {
            WireClient.Answer answer =
                    client.request("POST /v1/embeddings", body).answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
        }
        assertThat(peer.talks()).isEmpty();
        assertThat(fixture.interaction().error()).isEqualTo(code);
    }

    @Test
    void onlyAppsThatMayAskForEveryModelSendWhatShowsNone() throws IOException {
        fixture.mayAsk("gpt-*");
        String multipart = "content-type: multipart/form-data; boundary=x\r\ncontent-length: 5\r\n\r\n--x--";
        for (String request : List.of(
                "POST /v1/audio/transcriptions HTTP/1.1\r\nhost: g\r\n" + multipart,
                "POST /v1/batches HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\n\r\n{}",
                "POST /v1/moderations HTTP/1.1\r\nhost: g\r\ncontent-length: 2\r\n\r\n{}")) {
            try (WireClient client = client()) {
                WireClient.Answer answer = client.send(request).answer();
                assertThat(answer.status()).isEqualTo(404);
                assertThat(answer.body()).contains("\"code\":\"model_not_found\"");
            }
        }
        assertThat(peer.talks()).isEmpty();
        try (WireClient client = client()) {
            client.send("POST /v1/files HTTP/1.1\r\nhost: g\r\n" + multipart);
            assertThat(client.answer().status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyOfAnotherTypeIsRefusedAndSoIsACompressedForm() throws IOException {
        for (String headers : List.of(
                "POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-type: text/plain\r\n",
                "POST /v1/embeddings HTTP/1.1\r\nhost: g\r\ncontent-type: multipart/form-data; boundary=x\r\n",
                "POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-type: multipart/form-data; boundary=x\r\n"
                        + "content-encoding: gzip\r\n")) {
            try (WireClient client = client()) {
                client.send(headers + "content-length: 5\r\n\r\n--x--");
                assertThat(client.answer().status()).isEqualTo(415);
            }
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aStreamedAnswerLeavesAsItComesByteForByte() throws IOException {
        peer.script(talk -> {
            talk.raw("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n");
            talk.rawChunk((byte) 0xFF).rawChunk((byte) 0);
            talk.later(
                    150,
                    later -> later.rawChunk((byte) 0x0D).rawChunk((byte) 0x0A).end());
        });
        try (WireClient client = client()) {
            client.request("POST /v1/audio/speech", "{\"model\":\"tts\",\"input\":\"x\",\"voice\":\"v\"}");
            WireClient.Head head = client.head();
            assertThat(head.header("content-type")).isEqualTo("audio/mpeg");
            // The first bytes are here while the upstream has not ended.
            assertThat(client.bytes(4)).startsWith(new byte[] {'1', '\r', '\n', (byte) 0xFF});
            assertThat(fixture.recorded).isEmpty();
            assertThat(client.bytes(2)).containsExactly('\r', '\n');
            assertThat(client.bytes(6)).containsExactly('1', '\r', '\n', 0, '\r', '\n');
            assertThat(client.bytes(6)).containsExactly('1', '\r', '\n', 0x0D, '\r', '\n');
            assertThat(client.bytes(6)).containsExactly('1', '\r', '\n', 0x0A, '\r', '\n');
            assertThat(client.bytes(5)).containsExactly('0', '\r', '\n', '\r', '\n');
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        assertThat(fixture.interaction().attempts().getFirst().tokens()).isEqualTo(TokenCount.NONE);
    }

    @Test
    void usageIsFoundInAStreamOfEvents() throws IOException {
        peer.script(talk -> talk.stream()
                .event("{\"choices\":[{\"text\":\"a \\\"b\\\" {\"}],\"usage\":null}")
                .event("{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}")
                .event("[DONE]")
                .end());
        try (WireClient client = client()) {
            client.request("POST /v1/completions", "{\"model\":\"m\",\"prompt\":\"x\",\"stream\":true}");
            assertThat(client.answer().body()).endsWith("data: [DONE]\n\n");
        }
        assertThat(fixture.interaction().attempts().getFirst().tokens())
                .isEqualTo(new TokenCount(5, 0, 2, TokenCount.Source.REPORTED));
    }

    @Test
    void aClientThatLeavesEndsTheUpstreamsWorkAtOnce() throws IOException {
        peer.script(
                talk -> talk.raw("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 1000000\r\n\r\nx"));
        WireClient client = client().request("POST /v1/audio/speech", "{\"model\":\"tts\"}");
        client.head();
        client.reset();
        await().atMost(Duration.ofSeconds(1)).until(() -> peer.open() == 0 && fixture.recorded.size() == 1);
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(fixture.interaction().status()).isEqualTo(200);
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void placesComeBackWhenClientsLeave() throws IOException {
        peer.script(talk -> {});
        try (DoorFixture one = new DoorFixture(vertx)
                .upstream(
                        "llm",
                        peer.baseUrl(),
                        new ModelCard.Credential.None(),
                        DoorFixture.limits(1, Duration.ofSeconds(20)))
                .open()) {
            for (int i = 1; i <= 3; i++) {
                int count = i;
                WireClient client = new WireClient(one.port()).request("POST /v1/embeddings", "{\"model\":\"e\"}");
                await().until(() -> peer.talks().size() == count);
                client.close();
                await().until(() -> one.recorded.size() == count);
            }
            peer.script(talk -> talk.json(200, EMBEDDING));
            try (WireClient client = new WireClient(one.port())) {
                assertThat(client.request("POST /v1/embeddings", "{\"model\":\"e\"}")
                                .answer()
                                .status())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void anUpstreamThatBreaksOffBreaksTheClientsAnswerOffToo() throws IOException {
        peer.script(talk -> {
            talk.raw("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n");
            talk.rawChunk((byte) 1);
            talk.later(50, ScriptedPeer.Talk::close);
        });
        try (WireClient client = client().request("POST /v1/audio/speech", "{\"model\":\"tts\"}")) {
            assertThat(client.head().status()).isEqualTo(200);
            assertThat(client.bytes(6)).hasSize(6);
            assertThatThrownBy(client::chunk).isInstanceOfAny(EOFException.class, java.net.SocketException.class);
        }
        assertThat(fixture.interaction().error()).isEqualTo("upstream_stream_truncated");
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.FAILED);
    }

    @Test
    void anUpstreamThatIsNotThereIsToldAndSoIsOneThatDiesBeforeItsHead() throws IOException {
        peer.script(ScriptedPeer.Talk::close);
        try (WireClient client = client().request("POST /v1/embeddings", "{\"model\":\"e\"}")) {
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("\"code\":\"upstream_unavailable\"");
        }
    }

    @Test
    void anUpstreamsErrorGoesOnInOpenAisShapeButARefusalOfOurKeyIsOurs() throws IOException {
        peer.script(talk -> talk.json(400, "{\"error\":\"no such voice\"}"));
        try (WireClient client = client().request("POST /v1/audio/speech", "{\"model\":\"tts\"}")) {
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("no such voice").contains("\"param\":null");
        }
        peer.script(talk -> talk.json(401, "{\"error\":{\"message\":\"Incorrect API key sk-ours\"}}"));
        try (DoorFixture ours = new DoorFixture(vertx)
                .upstream(
                        "llm",
                        peer.baseUrl(),
                        new ModelCard.Credential.Ours(new Secret("sk-ours")),
                        DoorFixture.limits())
                .open()) {
            try (WireClient client =
                    new WireClient(ours.port()).request("GET /v1/files/f/content", null, "cookie: c=1")) {
                // Nobody holds the file, so it is not even asked for.
                assertThat(client.answer().status()).isEqualTo(404);
            }
            try (WireClient client = new WireClient(ours.port()).request("POST /v1/embeddings", "{\"model\":\"e\"}")) {
                WireClient.Answer answer = client.answer();
                assertThat(answer.status()).isEqualTo(502);
                assertThat(answer.body())
                        .contains("upstream_credentials_refused")
                        .doesNotContain("sk-ours");
            }
            assertThat(peer.talks().getLast().header("authorization")).isEqualTo("Bearer sk-ours");
        }
    }

    @Test
    void whereNoUpstreamIsConfiguredTheSettingIsNamed() throws IOException {
        fixture.deny(new Decision.Denial(400, "unsupported_parameter", "no", null))
                .dropped(new Decision.Dropped("small", "api", "small models answer chat completions only"));
        try (WireClient client = client().request("POST /v1/embeddings", "{\"model\":\"e\"}")) {
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.body()).contains("\"code\":\"no_eligible_model\"").contains("upstream.baseUrl");
            assertThat(answer.header("x-should-retry")).isEqualTo("false");
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.DENIED);
    }

    @Test
    void theNextRequestGoesOnTheSameConnection() throws IOException {
        try (WireClient client = client()) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.request("POST /v1/embeddings", "{\"model\":\"e\"}")
                                .answer()
                                .status())
                        .isEqualTo(200);
                assertThat(client.request("GET /v1/files/unknown", null)
                                .answer()
                                .status())
                        .isEqualTo(404);
            }
        }
        assertThat(peer.connections()).isOne();
    }
}
