package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Secret;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every row of the table of headers, on the wire: what an upstream is shown, and what of its answer the client sees. */
class HeadersBothWaysTest {
    private static final String OUR_KEY = "sk-house-key";
    private static final String CALLERS_KEY = "sk-callers-key";

    private final Vertx vertx = Vertx.vertx();
    private final ScriptedPeer peer = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    private final DoorFixture fixture = new DoorFixture(vertx);

    @BeforeEach
    void open() {
        fixture.upstream(
                        "llm", peer.baseUrl(), new ModelCard.Credential.Ours(new Secret(OUR_KEY)), DoorFixture.limits())
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OpenAI-Organization: org",
                "OpenAI-Project: proj",
                "Cookie: a=b",
                "Expect: nothing-known",
                "Forwarded: for=10.0.0.1",
                "X-Forwarded-For: 10.0.0.1",
                "X-Forwarded-Host: internal",
                "X-Forwarded-Proto: https",
                "X-Real-IP: 10.0.0.1",
                "Via: 1.1 proxy",
                "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate: a=b",
                "baggage: a=b",
                "Keep-Alive: timeout=5",
                "TE: trailers",
                "Trailer: x-after",
                "Proxy-Connection: keep-alive",
                "Proxy-Authorization: Basic abc",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABk",
                "x-understudy-tier: llm",
                "x-understudy-session: s",
                "x-understudy-subject: u",
                "x-understudy-no-train: 1",
                "x-understudy-consent: debug",
                "X-Understudy-Made-Up: 1",
            })
    void whatIsNotTheUpstreamsBusinessStays(String line) throws IOException {
        ask(line);
        assertThat(names(peer.talks().getFirst())).doesNotContain(nameOf(line));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "User-Agent: OpenAI/Python 2.0",
                "Accept: text/event-stream",
                "X-Stainless-Retry-Count: 0",
                "x-session-id: s",
                "OpenAI-Beta: assistants=v2",
                "Idempotency-Key: stainless-1",
                "X-Client-Request-Id: mine",
                "x-request-id: mine",
                "x-made-up: a, b",
                "x-latin: caf\u00E9",
                "Accept-Language: de",
            })
    void allOthersGoOnAsTheyCame(String line) throws IOException {
        ask(line);
        String value = line.substring(line.indexOf(':') + 1).strip();
        assertThat(peer.talks().getFirst().header(nameOf(line))).isEqualTo(value);
    }

    @Test
    void aLineSentTwiceGoesOnTwice() throws IOException {
        ask("x-twice: a", "x-twice: b");
        assertThat(peer.talks().getFirst().head()).contains("x-twice: a\r\n", "x-twice: b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: x-secret-hop",
                "Connection: keep-alive, X-Secret-Hop , close",
                "connection: keep-alive\r\nConnection: x-secret-hop"
            })
    void whatConnectionNamesIsOfOneHop(String connection) throws IOException {
        ask(connection, "x-secret-hop: 1", "x-other: 1");
        assertThat(names(peer.talks().getFirst())).contains("x-other").doesNotContain("x-secret-hop");
    }

    @Test
    void theCredentialIsReplacedAndTheBodysFramingIsOurs() throws IOException {
        ask("Authorization: Bearer " + CALLERS_KEY, "accept-encoding: gzip, br", "content-encoding: identity");
        ask("api-key: " + CALLERS_KEY);
        ask("x-api-key: " + CALLERS_KEY);
        for (ScriptedPeer.Talk talk : peer.talks()) {
            assertThat(talk.head()).doesNotContain(CALLERS_KEY).doesNotContainIgnoringCase("api-key:");
            assertThat(talk.header("authorization")).isEqualTo("Bearer " + OUR_KEY);
            assertThat(talk.header("host"))
                    .isEqualTo(peer.baseUrl().replace("http://", "").replace("/v1", ""));
            assertThat(talk.header("accept-encoding")).isEqualTo("identity");
            assertThat(talk.header("content-type")).isEqualTo("application/json");
            assertThat(talk.header("content-length")).isEqualTo(String.valueOf(DoorFixture.CALL.length()));
            assertThat(names(talk)).doesNotContain("content-encoding").doesNotHaveDuplicates();
        }
    }

    @Test
    void aForwardedKeyTakesItsAccountAlong() throws IOException {
        DoorFixture forwarding = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), new ModelCard.Credential.Forward(), DoorFixture.limits())
                .providerKey(CALLERS_KEY)
                .open();
        peer.script(talk ->
                talk.json(200, Chunks.document("hello", 5, 2), "openai-organization: org", "OpenAI-Project: proj"));
        try (WireClient client = new WireClient(forwarding.port())) {
            WireClient.Answer answer = client.post(
                            DoorFixture.CALL,
                            "authorization: bearer " + CALLERS_KEY,
                            "OpenAI-Organization: org",
                            "OpenAI-Project: proj")
                    .answer();
            assertThat(answer.header("openai-organization")).isEqualTo("org");
            assertThat(answer.header("openai-project")).isEqualTo("proj");
        }
        ScriptedPeer.Talk talk = peer.talks().getFirst();
        assertThat(talk.header("authorization")).isEqualTo("Bearer " + CALLERS_KEY);
        assertThat(talk.header("openai-organization")).isEqualTo("org");
        assertThat(talk.header("openai-project")).isEqualTo("proj");
        forwarding.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Alt-Svc: h3",
                "Strict-Transport-Security: max-age=1",
                "Set-Cookie: a=b",
                "Server: nginx",
                "Via: 1.1 edge",
                "CF-Ray: 1",
                "cf-cache-status: HIT",
                "Access-Control-Allow-Origin: *",
                "access-control-expose-headers: x",
                "Keep-Alive: timeout=5",
                "Proxy-Authenticate: Basic",
                "Trailer: x-after",
                "Upgrade: h2c",
                "openai-organization: org",
                "OpenAI-Project: proj",
                "x-understudy-served-by: somebody-else",
                "x-understudy-made-up: 1",
            })
    void whatIsNotTheClientsBusinessStays(String line) throws IOException {
        for (boolean stream : new boolean[] {false, true}) {
            WireClient.Head head = answered(stream, line);
            assertThat(head.header(nameOf(line)))
                    .isEqualTo(nameOf(line).equals("x-understudy-served-by") ? "llm" : null);
        }
    }

    @Test
    void whatAnAnswersConnectionNamesStays() throws IOException {
        for (boolean stream : new boolean[] {false, true}) {
            WireClient.Head head = answered(stream, "connection: keep-alive, x-hop", "x-hop: 1", "x-other: 1");
            assertThat(head.header("x-hop")).isNull();
            assertThat(head.header("x-other")).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "openai-processing-ms: 12",
        "openai-version: 2020-10-01",
        "x-ratelimit-remaining-requests: 9",
        "x-made-up: b",
        "x-should-retry: false",
        "Vary: Accept",
        "Link: <a>",
    })
    void allOthersOfAnAnswerGoOn(String line) throws IOException {
        for (boolean stream : new boolean[] {false, true}) {
            assertThat(answered(stream, line).header(nameOf(line)))
                    .isEqualTo(line.substring(line.indexOf(':') + 1).strip());
        }
    }

    @Test
    void aListSentInManyLinesGoesOnWhole() throws IOException {
        assertThat(answered(false, "x-list: a", "x-list: b").header("x-list")).isEqualTo("a, b");
    }

    @Test
    void everyAnswerHasAnIdOfOurs() throws IOException {
        WireClient.Head whole = answered(false, "x-request-id: req_theirs");
        assertThat(whole.header("x-request-id")).matches("req_[0-9a-f]{32}");
        assertThat(whole.header("x-understudy-upstream-request-id")).isEqualTo("req_theirs");
        String call = String.valueOf(whole.header("x-understudy-call"));
        assertThat(whole.header("x-request-id")).isEqualTo("req_" + call.replace("-", ""));
        assertThat(fixture.interaction().call().id()).hasToString(call);
        for (String request : List.of(
                "GET /nowhere HTTP/1.1\r\nhost: g\r\n\r\n",
                "DELETE /v1/models HTTP/1.1\r\nhost: g\r\n\r\n",
                "GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n",
                "GET /v1/models/none HTTP/1.1\r\nhost: g\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 99999999999\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: x\r\n\r\n")) {
            try (WireClient client = new WireClient(fixture.port())) {
                WireClient.Answer answer = client.send(request).answer();
                assertThat(answer.header("x-request-id")).matches("req_[0-9a-f]{32}");
                assertThat(answer.header("x-understudy-call")).matches("[0-9a-f-]{36}");
                assertThat(answer.header("content-type")).isEqualTo("application/json");
            }
        }
    }

    @Test
    void anAnswerSaysHowItCameAbout() throws IOException {
        for (boolean stream : new boolean[] {false, true}) {
            WireClient.Head head = answered(stream);
            assertThat(head.header("x-understudy-policy")).isEqualTo("0123456789ab everyone/default");
            assertThat(head.header("x-understudy-served-by")).isEqualTo("llm");
            assertThat(head.header("x-understudy-route")).isEqualTo("direct");
            assertThat(head.header("x-understudy-attempts")).isEqualTo("1");
            assertThat(head.header("x-understudy-overhead-ms")).matches("[0-9]{1,4}\\.[0-9]");
            assertThat(head.header("x-understudy-upstream-request-id")).isNull();
        }
    }

    @Test
    void aStreamsHeadIsOurs() throws IOException {
        WireClient.Head head = answered(true, "cache-control: max-age=9", "x-accel-buffering: yes");
        assertThat(head.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(head.header("cache-control")).isEqualTo("no-cache");
        assertThat(head.header("x-accel-buffering")).isEqualTo("no");
        assertThat(head.header("content-encoding")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-odd: a\u0001b", "x-odd: a\u007Fb", "x-odd:", "x-odd: \tz\t", "x-odd: a\u00FFb"})
    void oddValuesNeitherHangNorBreakAnything(String line) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.CALL, line).answer().status()).isIn(200, 400);
        }
        for (boolean stream : new boolean[] {false, true}) {
            assertThat(answered(stream, line).status()).isIn(200, 502);
        }
        await().untilAsserted(() -> assertThat(fixture.door.inFlight()).isZero());
    }

    private void ask(String... headers) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.CALL, headers).answer().status()).isEqualTo(200);
        }
    }

    /** The head of an answer to which the upstream gave these headers. */
    private WireClient.Head answered(boolean stream, String... headers) throws IOException {
        peer.script(talk -> {
            if (stream) {
                talk.stream(headers).content("hello").finish();
            } else {
                talk.json(200, Chunks.document("hello", 5, 2), headers);
            }
        });
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(stream ? DoorFixture.STREAM : DoorFixture.CALL)
                    .answer()
                    .head();
        }
    }

    private static String nameOf(String line) {
        return line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
    }

    private static List<String> names(ScriptedPeer.Talk talk) {
        List<String> names = new ArrayList<>();
        for (String line : talk.head().split("\r\n")) {
            if (line.indexOf(':') > 0) {
                names.add(nameOf(line));
            }
        }
        return names;
    }
}
