package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.ZstdOutputStream;
import dev.understudy.call.Interaction;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that were packed for the wire, or are so large that a worker reads them. */
class PackedBodyTest {
    private static final BodyLimits LIMITS = new BodyLimits(
            8 << 20,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20),
            Duration.ofMillis(100),
            24 << 20);

    private final Vertx vertx = Vertx.vertx();
    private final ScriptedPeer peer = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("hello", 5, 2)));
    private final DoorFixture fixture = new DoorFixture(vertx, LIMITS).upstream("llm", peer.baseUrl());

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

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "deflate", "deflate-raw", "zstd", "identity"})
    void aPackedBodyGoesOnPlain(String coding) throws IOException {
        for (int size : new int[] {10, 100_000, 3_000_000}) {
            String json = call(noise(size));
            WireClient.Answer answer = post(packed(coding, json.getBytes(StandardCharsets.UTF_8)), coding);
            assertThat(answer.status()).isEqualTo(200);
            ScriptedPeer.Talk talk = peer.talks().getLast();
            assertThat(talk.text()).isEqualTo(json);
            assertThat(talk.header("content-encoding")).isNull();
            assertThat(talk.header("content-length")).isEqualTo(String.valueOf(json.length()));
        }
        await().untilAsserted(() -> assertThat(fixture.bodies.held()).isZero());
    }

    @Test
    void membersOneAfterTheOtherAreOneBody() throws IOException {
        String json = call("hi");
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(packed("gzip", json.substring(0, 20).getBytes(StandardCharsets.UTF_8)));
        both.writeBytes(packed("gzip", json.substring(20).getBytes(StandardCharsets.UTF_8)));
        assertThat(post(both.toByteArray(), "gzip").status()).isEqualTo(200);
        assertThat(peer.talks().getFirst().text()).isEqualTo(json);
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "compress", "gzip, gzip", "gzip, zstd", "\"gzip\""})
    void anUnknownCodingIsRefused(String coding) throws IOException {
        WireClient.Answer answer = post(call("hi").getBytes(StandardCharsets.UTF_8), coding);
        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.body()).contains("\"code\":\"unsupported_media_type\"");
        assertThat(peer.talks()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"gzip,2000000", "deflate,2000000", "zstd,2000000", "gzip,40000000", "deflate,40000000", "zstd,400000000"
    })
    void aBombIsTooLargeWhateverItsSize(String coding, int size) throws IOException {
        WireClient.Answer answer = post(bomb(coding, size), coding);
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.body()).contains("\"code\":\"request_too_large\"");
        assertThat(peer.talks()).isEmpty();
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.FAILED);
        await().untilAsserted(() -> assertThat(fixture.bodies.held()).isZero());
        // The bomb was read to its end, so the connection could go on; a new one does in any case.
        assertThat(post(packed("gzip", DoorFixture.CALL.getBytes(StandardCharsets.UTF_8)), "gzip")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void littleMayComeOfVeryLittle() throws IOException {
        byte[] packed = packed("gzip", call(" ".repeat(900_000)).getBytes(StandardCharsets.UTF_8));
        assertThat(packed).hasSizeLessThan(2_000);
        assertThat(post(packed, "gzip").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "zstd"})
    void brokenBytesAreTheClientsFault(String coding) throws IOException {
        byte[] whole = packed(coding, call(noise(50_000)).getBytes(StandardCharsets.UTF_8));
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 0x55;
        for (byte[] broken : new byte[][] {
            Arrays.copyOf(whole, whole.length / 2), flipped, "no such thing".getBytes(StandardCharsets.UTF_8)
        }) {
            WireClient.Answer answer = post(broken, coding);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).containsAnyOf("cannot be unpacked as " + coding, "invalid_json");
        }
        assertThat(post(new byte[0], coding).status()).isEqualTo(400);
        assertThat(peer.talks()).isEmpty();
        await().untilAsserted(() -> assertThat(fixture.bodies.held()).isZero());
    }

    @Test
    void aWindowThatNeedsMuchMemoryIsRefused() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (ZstdOutputStream out = new ZstdOutputStream(packed).setLong(27)) {
            out.write(call(noise(500_000)).getBytes(StandardCharsets.UTF_8));
        }
        assertThat(post(packed.toByteArray(), "zstd").status()).isEqualTo(400);
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void manyLargeBodiesAtOnceWaitNoLongerThanThereIsRoom() throws IOException {
        // Six of 6 MiB do not fit into 24 MiB.
        WireClient[] clients = new WireClient[6];
        String head = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: " + (7 << 20) + "\r\n\r\n";
        String most = " ".repeat(6 << 20);
        int refused = 0;
        for (int i = 0; i < clients.length; i++) {
            clients[i] = new WireClient(fixture.port()).send(head).send(most);
        }
        await().until(() -> !fixture.recorded.isEmpty());
        for (Interaction interaction : fixture.recorded) {
            refused += "server_is_overloaded".equals(interaction.error()) ? 1 : 0;
        }
        assertThat(refused).isBetween(1, 4);
        assertThat(fixture.bodies.held()).isBetween(1L, LIMITS.room());
        for (WireClient client : clients) {
            client.close();
        }
        await().untilAsserted(() -> assertThat(fixture.bodies.held()).isZero());
    }

    @Test
    void aClientThatLeavesWhileItsBodyIsReadLeavesNothingBehind() throws IOException {
        byte[] packed = packed("gzip", call(noise(5_000_000)).getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < 10; i++) {
            WireClient client = new WireClient(fixture.port());
            send(client, packed, "gzip");
            client.reset();
        }
        await().until(() -> fixture.recorded.size() == 10 && fixture.door.inFlight() == 0);
        await().untilAsserted(() -> assertThat(fixture.bodies.held()).isZero());
    }

    @Test
    void whatAWorkerReadsIsJudgedAsOnTheLoop() throws IOException {
        WireClient.Answer answer = post(
                call(noise(2_000_000))
                        .replace("{\"model\"", "{\"n\":\"x\",\"model\"")
                        .getBytes(StandardCharsets.UTF_8),
                "identity");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"n\",\"code\":\"invalid_type\"");
        assertThat(fixture.interaction().error()).isEqualTo("invalid_type");
    }

    private WireClient.Answer post(byte[] body, String coding) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            send(client, body, coding);
            return client.answer();
        }
    }

    private static void send(WireClient client, byte[] body, String coding) throws IOException {
        String name = coding.equals("deflate-raw") ? "deflate" : coding;
        client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\n"
                        + "content-encoding: " + name + "\r\ncontent-length: " + body.length + "\r\n\r\n")
                .send(new String(body, StandardCharsets.ISO_8859_1));
    }

    private static String call(String text) {
        return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    /** Text that hardly shrinks. */
    private static String noise(int size) {
        Random random = new Random(size);
        StringBuilder text = new StringBuilder(size);
        for (int i = 0; i < size; i++) {
            text.append((char) ('0' + random.nextInt(42)));
        }
        return text.toString().replace('\\', '/');
    }

    private static byte[] bomb(String coding, int size) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = packer(coding, packed)) {
            byte[] block = " ".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
            for (int written = 0; written < size; written += block.length) {
                out.write(block);
            }
        }
        return packed.toByteArray();
    }

    private static byte[] packed(String coding, byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = packer(coding, packed)) {
            out.write(plain);
        }
        return packed.toByteArray();
    }

    private static OutputStream packer(String coding, OutputStream into) throws IOException {
        return switch (coding) {
            case "deflate" -> new DeflaterOutputStream(into);
            case "deflate-raw" -> new DeflaterOutputStream(into, new Deflater(Deflater.DEFAULT_COMPRESSION, true));
            case "zstd" -> new ZstdOutputStream(into).setChecksum(true);
            case "identity" -> into;
            default -> new GZIPOutputStream(into);
        };
    }
}
