package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.WireClient;
import io.netty.util.internal.PlatformDependent;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Large bodies on their way to an upstream that counts them. */
class UploadTest {
    private static final int PIECE = 1 << 20;
    private static final String HEAD =
            "POST /v1/files HTTP/1.1\r\nhost: g\r\ncontent-type: multipart/form-data;" + " boundary=x\r\n";

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong received = new AtomicLong();
    private final MessageDigest digest = sha256();
    private final CountDownLatch broken = new CountDownLatch(1);
    private volatile @Nullable HttpServerRequest request;
    private volatile boolean answersAtOnce;
    private volatile boolean pauses;
    private HttpServer upstream;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        upstream =
                Blocking.get(vertx.createHttpServer().requestHandler(this::take).listen(0, "127.0.0.1"));
        fixture = open(Duration.ofSeconds(15));
    }

    /** A door at which a body may be silent for so long. */
    private DoorFixture open(Duration idle) {
        Duration minute = Duration.ofSeconds(60);
        return new DoorFixture(vertx, new BodyLimits(64 << 20, minute, idle, minute, minute, 128 << 20))
                .upstream(
                        "llm",
                        "http://127.0.0.1:" + upstream.actualPort() + "/v1",
                        new ModelCard.Credential.None(),
                        DoorFixture.limits())
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        Blocking.get(vertx.close());
    }

    private void take(HttpServerRequest asked) {
        request = asked;
        asked.exceptionHandler(cause -> broken.countDown());
        asked.response().exceptionHandler(cause -> {});
        if (answersAtOnce) {
            asked.pause();
            asked.response().setStatusCode(413).end("{\"error\":{\"message\":\"too large for me\"}}");
            return;
        }
        asked.handler(bytes -> {
            received.addAndGet(bytes.length());
            digest.update(bytes.getBytes());
        });
        asked.endHandler(end -> asked.response().end("{\"id\":\"file-big\"}"));
        if (pauses) {
            asked.pause();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void twoHundredMebibytesPassInFlatMemory() throws IOException {
        int pieces = 200;
        byte[] piece = new byte[PIECE];
        new Random(3).nextBytes(piece);
        MessageDigest sent = sha256();
        long before = PlatformDependent.usedDirectMemory();
        long most = 0;
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "content-length: " + (long) pieces * PIECE + "\r\n\r\n");
            for (int i = 0; i < pieces; i++) {
                client.send(piece);
                sent.update(piece);
                most = Math.max(most, PlatformDependent.usedDirectMemory() - before);
            }
            assertThat(client.answer().status()).isEqualTo(200);
        }
        assertThat(received.get()).isEqualTo((long) pieces * PIECE);
        assertThat(HexFormat.of().formatHex(digest.digest()))
                .isEqualTo(HexFormat.of().formatHex(sent.digest()));
        assertThat(most).as("direct memory").isLessThan(48L << 20);
        assertThat(fixture.bodies.held()).isZero();
        assertThat(fixture.held.all()).containsOnlyKeys("local file-big");
        Interaction row = fixture.interaction();
        assertThat(row.call().body()).isEmpty();
        assertThat(row.outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
    }

    @Test
    void aClientIsNotAskedForMoreThanTheUpstreamTakes() throws Exception {
        pauses = true;
        fixture.close();
        fixture = open(Duration.ofSeconds(1));
        AtomicLong sent = new AtomicLong();
        int pieces = 64;
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "content-length: " + (long) pieces * PIECE + "\r\n\r\n");
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < pieces; i++) {
                        client.send(new byte[PIECE]);
                        sent.addAndGet(PIECE);
                    }
                } catch (IOException e) {
                    // told by the count
                }
            });
            await().until(() -> request != null);
            // Longer than a client may be silent: it is not the client who is.
            await().during(Duration.ofMillis(1_300))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> sent.get() < 32L << 20);
            HttpServerRequest waiting = request;
            if (waiting != null) {
                waiting.resume();
            }
            assertThat(client.answer().status()).isEqualTo(200);
            sender.join();
        }
        assertThat(received.get()).isEqualTo((long) pieces * PIECE);
    }

    @Test
    void aBodyInChunksPassesToo() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "transfer-encoding: chunked\r\n\r\n");
            for (int i = 0; i < 10; i++) {
                client.send("3\r\nabc\r\n");
            }
            client.send("0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(200);
        }
        assertThat(received.get()).isEqualTo(30);
    }

    @Test
    void moreThanFiveHundredAndTwelveMebibytesAreRefusedUnread() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "expect: 100-continue\r\ncontent-length: " + ((512L << 20) + 1) + "\r\n\r\n");
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.header("connection")).isEqualTo("close");
        }
        assertThat(request).isNull();
    }

    @Test
    void aClientThatLeavesInsideItsBodyEndsTheUpstreamsWork() throws Exception {
        WireClient client = new WireClient(fixture.port());
        client.send(HEAD + "content-length: 1000000\r\n\r\n0123456789");
        await().until(() -> received.get() == 10);
        long left = System.nanoTime();
        client.close();
        assertThat(broken.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(Duration.ofNanos(System.nanoTime() - left)).isLessThan(Duration.ofSeconds(1));
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(fixture.interaction().status()).isEqualTo(499);
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void aClientThatIsSilentInsideItsBodyIsTold() throws Exception {
        fixture.close();
        fixture = open(Duration.ofMillis(300));
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "content-length: 1000000\r\n\r\n0123456789");
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.body()).contains("request_timeout");
        }
        assertThat(broken.await(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anUpstreamMayAnswerBeforeTheBodyIsWhole() throws IOException {
        answersAtOnce = true;
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "content-length: 1000000\r\n\r\n0123456789");
            WireClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).contains("too large for me");
            assertThat(answer.header("connection")).isEqualTo("close");
        }
    }

    @Test
    void theClientIsAskedForItsBodyOnceTheUpstreamIsThere() throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            client.send(HEAD + "expect: 100-continue\r\ncontent-length: 3\r\n\r\n");
            assertThat(client.head().status()).isEqualTo(100);
            client.send("abc");
            assertThat(client.answer().status()).isEqualTo(200);
        }
        assertThat(received.get()).isEqualTo(3);
    }
}
