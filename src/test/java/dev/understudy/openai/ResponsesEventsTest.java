package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponsesEventsTest {
    private static final String FOLDER = "responses";

    static List<String> cases() {
        return Golden.cases(FOLDER, ".in");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachStreamComesOutAsItsGoldenFile(String name) throws ApiFailure {
        Told told = run(List.of(Golden.bytes(FOLDER, name + ".in")));

        assertThat(told.bytes()).isEqualTo(Golden.text(FOLDER, name + ".out"));
        assertThat(told.summary()).isEqualTo(Golden.text(FOLDER, name + ".end").strip());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereTheBytesAreSplitMakesNoDifference(String name) throws ApiFailure {
        byte[] input = Golden.bytes(FOLDER, name + ".in");
        String expected = Golden.text(FOLDER, name + ".out");
        Random random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            int[] places = random.ints(1 + random.nextInt(12), 0, input.length + 1)
                    .sorted()
                    .toArray();
            List<byte[]> parts = new ArrayList<>();
            int from = 0;
            for (int place : places) {
                parts.add(Arrays.copyOfRange(input, from, place));
                from = place;
            }
            parts.add(Arrays.copyOfRange(input, from, input.length));
            assertThat(run(parts).bytes()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "conformant",
                "conformant-tool",
                "unknown-events",
                "done-mark",
                "reasoning",
                "incomplete",
                "failed",
                "no-sequence-numbers",
                "error-then-failed"
            })
    void aStreamThatIsAsItShouldBeKeepsItsBytes(String name) {
        assertThat(Golden.bytes(FOLDER, name + ".out")).isEqualTo(Golden.bytes(FOLDER, name + ".in"));
    }

    @Test
    void aBrokenStreamIsEndedWithItsOwnIdAndTheNextNumbers() throws ApiFailure {
        Told told = run(List.of(Golden.bytes(FOLDER, "truncated.in")));

        assertThat(told.events.keepAlive().toString())
                .isEqualTo("event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":4}\n\n");
        assertThat(told.events.failure("upstream_timeout", "Too slow.", null).toString())
                .startsWith(
                        "event: error\ndata: {\"type\":\"error\",\"sequence_number\":5,\"code\":\"upstream_timeout\","
                                + "\"message\":\"Too slow.\",\"param\":null,\"error\":{\"type\":\"server_error\","
                                + "\"code\":\"upstream_timeout\",\"message\":\"Too slow.\",\"param\":null}}\n\n"
                                + "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":6,"
                                + "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1790000000,"
                                + "\"status\":\"failed\",\"error\":{\"code\":\"upstream_timeout\",\"message\":\"Too slow.\"}")
                .endsWith("}\n\n");
    }

    @Test
    void anErrorThatWasToldGetsOnlyItsFailed() throws ApiFailure {
        Told told = run(List.of(Golden.bytes(FOLDER, "error-alone-late.in")));

        assertThat(told.events.failure("upstream_malformed_response", "x", null).toString())
                .startsWith("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":6,")
                .contains("\"error\":{\"code\":\"server_error\",\"message\":\"boom\"}");
    }

    @Test
    void aJsonAnswerIsToldAsTheStreamThatWasAskedFor() throws ApiFailure {
        String json =
                "{\n\"id\":\"resp_9\",\"object\":\"response\",\"created_at\":5,\"status\":\"completed\",\"model\":\"x\",\r\n"
                        + "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"annotations\":[{\"a\":{}}],"
                        + "\"text\":\"hi\"}],\"id\":\"msg_1\",\"role\":\"assistant\"},"
                        + "{\"id\":\"fc_1\",\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}],"
                        + "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}";

        Told told = run(List.of(ResponseReplay.events(Buffer.buffer(json)).getBytes()));

        assertThat(told.failure).isNull();
        List<String> types = new ArrayList<>();
        for (String line : told.bytes().split("\n")) {
            if (line.startsWith("event: ")) {
                types.add(line.substring("event: response.".length()));
            }
        }
        assertThat(types)
                .containsExactly(
                        "created",
                        "output_item.added",
                        "content_part.added",
                        "output_text.delta",
                        "output_text.done",
                        "output_item.done",
                        "output_item.added",
                        "function_call_arguments.delta",
                        "function_call_arguments.done",
                        "output_item.done",
                        "completed");
        assertThat(told.bytes()).contains("\"item_id\":\"msg_1\"").contains("\"sequence_number\":10");
        assertThat(told.events.usage()).isEqualTo(new TokenCount(1, 0, 2, TokenCount.Source.REPORTED));
    }

    private static Call call() throws ApiFailure {
        return CallReader.read(
                Api.RESPONSES,
                new UUID(0x7000L, 1),
                Instant.EPOCH,
                0,
                "{\"model\":\"m\",\"stream\":true,\"input\":\"hi\"}".getBytes(StandardCharsets.UTF_8),
                Map.of());
    }

    private static Told run(List<byte[]> parts) throws ApiFailure {
        List<Frame> frames = new ArrayList<>();
        Shelf shelf = new Shelf();
        ResponsesEvents events = new ResponsesEvents(call(), frames::add, shelf);
        ApiFailure failure = null;
        try {
            for (byte[] part : parts) {
                events.feed(Buffer.buffer(part));
            }
            if (!events.isOver()) {
                events.end();
            }
        } catch (ApiFailure e) {
            failure = e;
        }
        return new Told(frames, shelf.shown, events, failure);
    }

    private record Told(
            List<Frame> frames,
            List<String> shown,
            ResponsesEvents events,
            @Nullable ApiFailure failure) {
        String bytes() {
            Buffer all = Buffer.buffer();
            frames.forEach(frame -> all.appendBuffer(frame.bytes()));
            return all.toString(StandardCharsets.UTF_8);
        }

        String summary() {
            StringBuilder line = new StringBuilder("kinds=");
            for (Frame frame : frames) {
                line.append(
                        switch (frame.kind()) {
                            case LEADING -> 'L';
                            case CONTENT -> 'C';
                            case CLOSING -> 'X';
                            case DOCUMENT -> 'D';
                        });
            }
            if (failure != null) {
                line.append(" failure=").append(failure.code());
            }
            if (events.upstreamError() != null) {
                line.append(" error=").append(events.upstreamError());
            }
            TokenCount usage = events.usage();
            line.append(" finish=").append(events.finish()).append(" usage=");
            if (usage.source() == TokenCount.Source.NONE) {
                line.append("none/").append(events.contentCharacters());
            } else {
                line.append(usage.input())
                        .append('/')
                        .append(usage.cached())
                        .append('/')
                        .append(usage.output());
            }
            line.append(" shown=").append(String.join(",", shown));
            if (!events.deviations().isEmpty()) {
                line.append(events.deviations().entrySet().stream()
                        .map(entry -> entry.getKey().wire() + ":" + entry.getValue())
                        .collect(Collectors.joining(",", " deviations=", "")));
            }
            return line.toString();
        }
    }

    /** Notes what an answer shows. */
    private static final class Shelf extends IdleSink {
        private final List<String> shown = new ArrayList<>();

        @Override
        public void shows(Shown kind, String id) {
            shown.add(kind + ":" + id);
        }
    }
}
