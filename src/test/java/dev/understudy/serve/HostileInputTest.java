package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that mean harm, on the level of bytes. Whatever they send: a status below 500, no question to the upstream
 * unless it is a whole and proper call, the next request on a new connection works, nothing is left behind.
 */
class HostileInputTest {
    private static final BodyLimits LIMITS = new BodyLimits(
            2 << 20,
            Duration.ofMillis(400),
            Duration.ofMillis(400),
            Duration.ofMillis(1_200),
            Duration.ofMillis(100),
            8 << 20);
    private static final String POST = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n";
    private static final String SECOND =
            POST + "content-length: " + DoorFixture.CALL.length() + "\r\n\r\n" + DoorFixture.CALL;

    private final Vertx vertx = Vertx.vertx();
    private final ScriptedPeer peer = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    private final DoorFixture fixture = new DoorFixture(vertx, LIMITS).upstream("llm", peer.baseUrl());

    @BeforeEach
    void open() {
        fixture.open();
    }

    @AfterEach
    void everythingIsAsBefore() throws IOException {
        int asked = peer.talks().size();
        try (WireClient next = new WireClient(fixture.port())) {
            assertThat(next.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
        }
        assertThat(peer.talks()).hasSize(asked + 1);
        await().untilAsserted(() -> {
            assertThat(fixture.door.inFlight()).isZero();
            assertThat(fixture.bodies.held()).isZero();
        });
        for (Interaction interaction : fixture.recorded) {
            assertThat(interaction.status()).isLessThan(500);
        }
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aDeclaredLengthOverTheLimitIsAnsweredUnreadAndClosed() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer =
                    client.send(POST + "content-length: 9999999999\r\n\r\n").answer();
            assertRefused(answer, 413, "request_too_large");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void aClientThatIsStillSendingSeesItsAnswer() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(POST + "content-length: 67108865\r\n\r\n");
            String mebibyte = " ".repeat(1 << 20);
            for (int i = 0; i < 64; i++) {
                client.send(mebibyte);
            }
            assertRefused(client.answer(), 413, "request_too_large");
            client.send(" " + SECOND);
            assertThat(isOver(client)).isTrue();
        }
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "content-encoding: gzip\r\n", "content-encoding: zstd\r\n"})
    void endlessChunksAreRefusedAtTheLimit(String header) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(POST + header + "transfer-encoding: chunked\r\n\r\n");
            String chunk = "10000\r\n" + " ".repeat(1 << 16) + "\r\n";
            for (int i = 0; i < 34; i++) {
                client.send(chunk);
            }
            assertRefused(client.answer(), 413, "request_too_large");
            assertThat(client.isClosed()).isTrue();
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aBodyThatFallsSilentIsTooSlow() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer =
                    client.send(POST + "content-length: 100\r\n\r\n{").answer();
            assertRefused(answer, 408, "request_timeout");
            assertThat(client.isClosed()).isTrue();
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aBodyThatDripsIsTooSlowInTheEnd() throws IOException {
        long started = System.nanoTime();
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(POST + "content-length: 100000\r\n\r\n");
            drip(client, " ");
            assertRefused(client.answer(), 408, "request_timeout");
            assertThat(client.isClosed()).isTrue();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isGreaterThan(LIMITS.total());
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"P", "POST /v1/chat", POST, POST + "x-a: "})
    void aHeadThatDripsIsTooSlow(String beginning) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(beginning);
            drip(client, "a");
            WireClient.Answer answer = client.answer();
            assertRefused(answer, 408, "request_timeout");
            assertThat(client.isClosed()).isTrue();
        }
    }

    @Test
    void aSecondHeadMustArriveInTimeToo() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
            // Between requests a connection may be silent for longer than a head may take.
            await().pollDelay(Duration.ofMillis(600)).until(() -> true);
            assertThat(client.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
            assertRefused(client.send("POST /").answer(), 408, "request_timeout");
        }
    }

    @Test
    void aHeadThatDripsCutsNoAnswerShort() throws IOException {
        peer.script(talk -> talk.stream().content("first").later(1_000, ScriptedPeer.Talk::finish));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.post(DoorFixture.STREAM).head();
            client.send("POST /v1");
            assertThat(client.body(head)).endsWith("data: [DONE]\n\n");
        }
        peer.script(talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    }

    @Test
    void requestsWithoutEndOnOneConnectionCloseIt() throws IOException {
        peer.script(talk -> {});
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.CALL);
            await().until(() -> peer.talks().size() == 1);
            String many = "GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n".repeat(200);
            client.send(many);
            assertThat(isOver(client)).isTrue();
        }
        peer.script(talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
                "content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
                "content-length: 5, 6\r\n\r\nhello!",
                "content-length: -1\r\n\r\n",
                "content-length: +5\r\n\r\nhello",
                "content-length: 5x\r\n\r\nhello",
                "content-length: 0x5\r\n\r\nhello",
                "content-length: 99999999999999999999\r\n\r\n",
                "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                "transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
                "transfer-encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
                "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
                "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
                "transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
                "x-a: b\u0000c\r\n\r\n",
                "x\u0000a: b\r\n\r\n",
                "x a: b\r\n\r\n",
                ": b\r\n\r\n",
                "no colon\r\n\r\n",
            })
    void whatIsNoProperHttpIsRefusedAndNothingFollowsIt(String rest) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(POST + rest + SECOND).answer();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("\"code\":\"invalid_");
            assertThat(isOver(client)).isTrue();
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void aFoldedLineIsOneValueAndHidesNothing() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nx-a: b\r\n"
                            + " transfer-encoding: chunked\r\ncontent-length: " + DoorFixture.CALL.length()
                            + "\r\n\r\n" + DoorFixture.CALL)
                    .answer();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(peer.talks().getFirst().header("x-a")).isEqualTo("b transfer-encoding: chunked");
            assertThat(peer.talks().getFirst().text()).isEqualTo(DoorFixture.CALL);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n",
                "GARBAGE\r\n\r\n",
                "\r\n\r\n\r\n\u0000\r\n\r\n",
                "POST /v1/chat/completions HTTP/9.9\r\n\r\n",
                "POST  HTTP/1.1\r\n\r\n",
                "POST /v1/chat/completions FTP/1.1\r\n\r\n"
            })
    void whatIsNoRequestIsRefused(String bytes) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer answer = client.send(bytes).answer();
            assertThat(answer.status()).isBetween(400, 499);
        }
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1100,10,431", "20,4000,431", "1,66000,431", "900,10,200"})
    void headersHaveLimits(int lines, int length, int status) throws IOException {
        for (String name : List.of("x-same", "x-n%d")) {
            StringBuilder head = new StringBuilder(POST);
            for (int i = 0; i < lines; i++) {
                head.append(name.replace("%d", String.valueOf(i)))
                        .append(": ")
                        .append("v".repeat(length))
                        .append("\r\n");
            }
            try (WireClient client = new WireClient(fixture.port())) {
                WireClient.Answer answer = client.send(
                                head + "content-length: " + DoorFixture.CALL.length() + "\r\n\r\n" + DoorFixture.CALL)
                        .answer();
                assertThat(answer.status()).isEqualTo(status);
                if (status == 431) {
                    assertThat(answer.body()).contains("\"code\":\"headers_too_large\"");
                    assertThat(isOver(client)).isTrue();
                }
            }
        }
    }

    @Test
    void aLongRequestLineIsTooLarge() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            assertRefused(
                    client.send("POST /v1/chat/completions?" + "x".repeat(9_000) + " HTTP/1.1\r\n\r\n")
                            .answer(),
                    431,
                    "headers_too_large");
        }
    }

    @Test
    void whoAsksBeforeSendingIsToldTheStatusIfItIsKnown() throws IOException {
        String expect = POST + "expect: 100-continue\r\n";
        try (WireClient client = new WireClient(fixture.port())) {
            assertRefused(
                    client.send(expect + "content-type: text/plain\r\ncontent-length: 3\r\n\r\n")
                            .answer(),
                    415,
                    "unsupported_media_type");
            assertThat(isOver(client)).isTrue();
        }
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head interim = client.send(expect + "content-length: " + DoorFixture.CALL.length() + "\r\n\r\n")
                    .head();
            assertThat(interim.status()).isEqualTo(100);
            assertThat(client.send(DoorFixture.CALL).answer().status()).isEqualTo(200);
            assertThat(client.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
        }
        assertThat(peer.talks()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//v1/chat/completions",
                "/v1//chat/completions",
                "/v1/chat/completions;x=y",
                "/v1/chat;x=y/completions",
                "/v1/%2e%2e/v1/chat/completions",
                "/v1/x/../chat/completions",
                "/v1/./chat/completions",
                "/v1\\chat\\completions",
                "/v1/chat%5ccompletions",
                "/v1/chat%2Fcompletions",
                "/v1/chat%2fcompletions",
                "/v1/chat/completions%00",
                "/v1/chat/completions%0d%0a",
                "/v1/chat/completions/",
                "/V1/chat/completions",
                "/v1/chat/%63ompletions",
                "/v1/%66iles",
                "/v1/responses/%63ompact",
                "/v1/files/a%2fb",
                "/v1/files/a;b",
                "/v1/files/%2e%2e",
                "/v1/files/..",
                "/v1/files//content",
                "/v1/embeddings/",
                "/v1/models/..%2f..%2fadmin",
                "/v1/models/%2e%2e",
                "/v1/models/a//b",
                "/v1/models/a;b",
                "*",
                "v1/chat/completions",
                "/v1/chat/completions#x",
                "/..//v1/chat/completions",
            })
    void aPathWithATrickIsNotFound(String path) throws IOException {
        for (String method : List.of("GET", "POST")) {
            try (WireClient client = new WireClient(fixture.port())) {
                WireClient.Answer answer = client.send(method + " " + path
                                + " HTTP/1.1\r\nhost: g\r\ncontent-length: " + DoorFixture.CALL.length() + "\r\n\r\n"
                                + DoorFixture.CALL)
                        .answer();
                assertRefused(answer, 404, "unknown_url");
            }
        }
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "OPTIONS", "PUT", "TRACE", "CONNECT", "PATCH", "BREW"})
    void anotherMethodIsNotAllowedAndTheConnectionGoesOn(String method) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.send(method + " /v1/chat/completions HTTP/1.1\r\nhost: g\r\n\r\n")
                    .head();
            assertThat(head.status()).isEqualTo(405);
            assertThat(head.header("allow")).isEqualTo("POST");
            if (!method.equals("HEAD")) {
                assertThat(client.body(head)).contains("method_not_allowed");
            }
            assertThat(client.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
        }
    }

    private static void assertRefused(WireClient.Answer answer, int status, String code) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
        assertThat(answer.header("x-request-id")).matches("req_[0-9a-f]{32}");
    }

    /** Whether nothing more comes: closed in order, or reset. */
    private static boolean isOver(WireClient client) throws IOException {
        try {
            return client.isClosed();
        } catch (SocketException e) {
            return true;
        }
    }

    /** Sends one byte after the other until the other side has had enough. */
    private void drip(WireClient client, String piece) {
        vertx.setPeriodic(10, timer -> {
            try {
                client.send(piece);
            } catch (IOException e) {
                vertx.cancelTimer(timer);
            }
        });
    }
}
