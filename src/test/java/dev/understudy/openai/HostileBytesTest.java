package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Bytes that somebody has damaged: an answer or an {@link ApiFailure}, never anything else. */
class HostileBytesTest {
    private static final int ROUNDS = 200;
    private final Random random = new Random(11);

    @Test
    void aDamagedRequestIsReadOrRefused() {
        int refused = 0;
        for (String name : Golden.cases("request", ".json")) {
            byte[] body = Golden.bytes("request", name + ".json");
            for (int i = 0; i < ROUNDS; i++) {
                byte[] damaged = damaged(body);
                try {
                    Splice.forUpstream(Calls.of(damaged, Map.of()), "other");
                } catch (ApiFailure e) {
                    refused++;
                    assertThat(e.status()).isEqualTo(400);
                }
            }
        }
        assertThat(refused).isGreaterThan(1_000);
    }

    @Test
    void aDamagedStreamIsPutRightOrFails() throws ApiFailure {
        int failed = 0;
        for (String name : Golden.cases("stream", ".in")) {
            byte[] stream = Golden.bytes("stream", name + ".in");
            for (int i = 0; i < ROUNDS; i++) {
                byte[] damaged = damaged(stream);
                ChatEvents events = new ChatEvents(Calls.stream(false), frame -> {});
                try {
                    events.feed(Buffer.buffer(damaged));
                    events.end();
                } catch (ApiFailure e) {
                    failed++;
                    assertThat(e.status()).isEqualTo(502);
                }
                AnswerReader.read(new AnswerBytes(true, damaged));
            }
        }
        assertThat(failed).isGreaterThan(1_000);
    }

    @Test
    void aDamagedDocumentIsReadOrMalformed() {
        byte[] document =
                ("{\"id\":\"1\",\"error\":null,\"choices\":[{\"index\":0,\"message\":{\"content\":\"h\u00E9\",\"tool_calls\":"
                                + "[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}],"
                                + "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}")
                        .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20 * ROUNDS; i++) {
            byte[] damaged = damaged(document);
            try {
                ChatDocument.read(Calls.stream(false), Buffer.buffer(damaged)).stream(Calls.stream(true), frame -> {});
            } catch (ApiFailure e) {
                assertThat(e.status()).isEqualTo(502);
            }
            AnswerReader.read(new AnswerBytes(false, damaged));
            assertThat(UpstreamError.body(Buffer.buffer(damaged)).length()).isPositive();
        }
    }

    @Test
    void aDamagedResponseIsPutRightOrFails() throws ApiFailure {
        int failed = 0;
        Call call = CallReader.read(
                Api.RESPONSES,
                new UUID(0x7000L, 1),
                Instant.EPOCH,
                0,
                "{\"model\":\"m\",\"stream\":true,\"input\":\"hi\"}".getBytes(StandardCharsets.UTF_8),
                Map.of());
        for (String name : Golden.cases("responses", ".in")) {
            byte[] stream = Golden.bytes("responses", name + ".in");
            for (int i = 0; i < ROUNDS && stream.length > 0; i++) {
                byte[] damaged = damaged(stream);
                ResponsesEvents events = new ResponsesEvents(call, frame -> {}, new IdleSink());
                try {
                    events.feed(Buffer.buffer(damaged));
                    events.end();
                } catch (ApiFailure e) {
                    failed++;
                    assertThat(e.status()).isEqualTo(502);
                }
                AnswerReader.read(new AnswerBytes(Api.RESPONSES, true, damaged));
            }
        }
        assertThat(failed).isGreaterThan(1_000);
    }

    @Test
    void aDamagedResponseDocumentIsReadOrMalformed() {
        byte[] document =
                ("{\"id\":\"r\",\"object\":\"response\",\"error\":null,\"output\":[{\"id\":\"m\",\"type\":\"message\","
                                + "\"content\":[{\"type\":\"output_text\",\"text\":\"h\u00E9\"}]}],\"conversation\":{\"id\":\"c\"},"
                                + "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}")
                        .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20 * ROUNDS; i++) {
            byte[] damaged = damaged(document);
            try {
                ResponseDocument.read(Buffer.buffer(damaged), new IdleSink());
                ResponseReplay.events(Buffer.buffer(damaged));
            } catch (ApiFailure e) {
                assertThat(e.error()).isEqualTo(ApiError.UPSTREAM_MALFORMED_RESPONSE);
            }
            AnswerReader.read(new AnswerBytes(Api.RESPONSES, false, damaged));
        }
    }

    @Test
    void membersThatComeTwiceAreNoFaultOfOurs() throws ApiFailure {
        String[] parts = {
            "\"usage\":null",
            "\"usage\":{}",
            "\"error\":null",
            "\"id\":\"a\"",
            "\"id\":\"\"",
            "\"model\":null",
            "\"created\":0",
            "\"choices\":[]",
            "\"choices\":null",
            "\"choices\":[{\"delta\":{\"role\":\"x\",\"role\":null,\"tool_calls\":[{\"id\":\"a\","
                    + "\"id\":null,\"type\":null,\"type\":\"\",\"index\":3,\"index\":0,\"function\":{\"name\":\"f\",\"name\":\"\","
                    + "\"arguments\":{},\"arguments\":null}}]},\"delta\":null,\"index\":0,\"index\":0,\"finish_reason\":\"\"}]"
        };
        for (int i = 0; i < 2_000; i++) {
            StringBuilder chunk = new StringBuilder("{");
            for (int j = random.nextInt(12); j >= 0; j--) {
                chunk.append(parts[random.nextInt(parts.length)]).append(j == 0 ? "}" : ",");
            }
            List<Frame> frames = new ArrayList<>();
            ChatEvents events = new ChatEvents(Calls.stream(random.nextBoolean()), frames::add);
            events.feed(Buffer.buffer("data: " + chunk + "\n\ndata: " + chunk + "\n\n"));
            for (Frame frame : frames) {
                byte[] json = frame.bytes().getBytes(6, frame.bytes().length() - 2);
                JsonCursor cursor = new JsonCursor();
                cursor.open(json, 0, json.length);
                cursor.skip();
                cursor.close();
            }
        }
    }

    @Test
    void toolCallsWithoutEndAreRefused() throws ApiFailure {
        ChatEvents events = new ChatEvents(Calls.stream(false), frame -> {});
        ApiFailure failure = null;
        int calls = 0;
        while (failure == null && calls < 2_000) {
            try {
                events.feed(Buffer.buffer("data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":"
                        + calls + ",\"id\":\"c" + calls + "\",\"function\":{\"name\":\"f\"}}]}}]}\n\n"));
                calls++;
            } catch (ApiFailure e) {
                failure = e;
            }
        }

        assertThat(calls).isEqualTo(1_024);
        assertThat(Objects.requireNonNull(failure).error()).isEqualTo(ApiError.UPSTREAM_MALFORMED_RESPONSE);
    }

    @Test
    void manyKeysThatCollideAreNoFaultOfOurs() throws ApiFailure {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            keys.add("\"" + "Aa".repeat(i % 7) + "BB".repeat(i % 5) + i + "\":0");
        }

        assertThat(Calls.of("{\"model\":\"m\",\"messages\":[{}],\"x\":{" + String.join(",", keys) + "}}")
                        .model())
                .isEqualTo("m");
    }

    /** One to four bytes changed, dropped or doubled. */
    private byte[] damaged(byte[] bytes) {
        byte[] damaged = bytes.clone();
        int wounds = 1 + random.nextInt(4);
        for (int i = 0; i < wounds && damaged.length > 1; i++) {
            int at = random.nextInt(damaged.length);
            switch (random.nextInt(3)) {
                case 0 -> damaged[at] = (byte) random.nextInt(256);
                case 1 -> damaged = without(damaged, at);
                default -> damaged = doubled(damaged, at);
            }
        }
        return damaged;
    }

    private static byte[] without(byte[] bytes, int at) {
        byte[] shorter = new byte[bytes.length - 1];
        System.arraycopy(bytes, 0, shorter, 0, at);
        System.arraycopy(bytes, at + 1, shorter, at, shorter.length - at);
        return shorter;
    }

    private static byte[] doubled(byte[] bytes, int at) {
        byte[] longer = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, longer, 0, at + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        return longer;
    }
}
