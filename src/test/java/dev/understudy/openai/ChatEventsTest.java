package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChatEventsTest {
    static List<String> cases() {
        return Golden.cases("stream", ".in");
    }

    static List<String> conformantCases() {
        return cases().stream().filter(name -> name.startsWith("conformant")).toList();
    }

    /** The call whose answer a case is: what stands beside it, else a stream without usage. */
    private static Call call(String name) throws ApiFailure {
        return Golden.cases("stream", ".call").contains(name)
                ? Calls.of(Golden.bytes("stream", name + ".call"), Map.of())
                : Calls.stream(false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachStreamComesOutAsItsGoldenFile(String name) throws ApiFailure {
        Told told = run(call(name), List.of(Golden.bytes("stream", name + ".in")));

        assertThat(told.bytes()).isEqualTo(Golden.text("stream", name + ".out"));
        assertThat(told.summary())
                .isEqualTo(Golden.text("stream", name + ".end").strip());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whereTheBytesAreSplitMakesNoDifference(String name) throws ApiFailure {
        byte[] input = Golden.bytes("stream", name + ".in");
        String expected = Golden.text("stream", name + ".out");
        Call call = call(name);
        Random random = new Random(7);
        for (int round = 0; round < 1_000; round++) {
            Told told = run(call, split(input, 1 + random.nextInt(12), random));
            assertThat(told.bytes()).isEqualTo(expected);
        }
        assertThat(run(call, split(input, Integer.MAX_VALUE, random)).bytes()).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("conformantCases")
    void aConformantStreamLeavesByteForByteAndAsItCame(String name) throws Exception {
        byte[] input = Golden.bytes("stream", name + ".in");
        Told told = run(call(name), List.of(input));

        assertThat(sha256(told.bytes().getBytes(StandardCharsets.UTF_8))).isEqualTo(sha256(input));
        assertThat(told.events().deviations()).isEmpty();
        // One event, one frame.
        assertThat(told.frames()).hasSize(new String(input, StandardCharsets.UTF_8).split("\n\n").length);
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void anEventOver16MiBIsRefused() throws ApiFailure {
        ChatEvents events = new ChatEvents(Calls.stream(false), frame -> {});
        Buffer part = Buffer.buffer(new byte[1 << 20]);
        ApiFailure failure = null;
        int parts = 0;
        while (failure == null && parts < 40) {
            try {
                events.feed(part);
                parts++;
            } catch (ApiFailure e) {
                failure = e;
            }
        }

        assertThat(Objects.requireNonNull(failure).code()).isEqualTo("upstream_event_too_large");
        assertThat(parts).isEqualTo(16);
    }

    @Test
    void heldFramesLeaveWhenTheUpstreamFallsSilent() throws ApiFailure {
        List<Frame> frames = new ArrayList<>();
        ChatEvents events = new ChatEvents(Calls.stream(false), frames::add);
        events.feed(
                Buffer.buffer(
                        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"));

        assertThat(frames).hasSize(1);
        assertThat(events.isFinished()).isTrue();
        events.settle();
        assertThat(frames).hasSize(2);
        assertThat(events.isOver()).isFalse();
        events.settle();
        assertThat(frames).hasSize(3);
        assertThat(frames.getLast().bytes().toString()).isEqualTo("data: [DONE]\n\n");
        assertThat(events.isOver()).isTrue();
    }

    @Test
    void choicesThatComeInTurnAreWaitedFor() throws ApiFailure {
        List<Frame> frames = new ArrayList<>();
        ChatEvents events = new ChatEvents(
                Calls.of(
                        "{\"model\":\"m\",\"n\":2,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"),
                frames::add);
        events.feed(Buffer.buffer(
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n"));

        assertThat(events.isFinished()).isFalse();
        assertThatThrownBy(events::end)
                .isInstanceOfSatisfying(
                        ApiFailure.class, failure -> assertThat(failure.code()).isEqualTo("upstream_stream_truncated"));
        assertThat(frames).isEmpty();
    }

    private static List<byte[]> split(byte[] input, int cuts, Random random) {
        List<byte[]> parts = new ArrayList<>();
        if (cuts == Integer.MAX_VALUE) {
            for (byte b : input) {
                parts.add(new byte[] {b});
            }
            return parts;
        }
        int[] places = random.ints(cuts, 0, input.length + 1).sorted().toArray();
        int from = 0;
        for (int place : places) {
            parts.add(Arrays.copyOfRange(input, from, place));
            from = place;
        }
        parts.add(Arrays.copyOfRange(input, from, input.length));
        return parts;
    }

    private static Told run(Call call, List<byte[]> parts) {
        List<Frame> frames = new ArrayList<>();
        ChatEvents events = new ChatEvents(call, frames::add);
        ApiFailure failure = null;
        try {
            for (byte[] part : parts) {
                events.feed(Buffer.buffer(part));
            }
            events.end();
        } catch (ApiFailure e) {
            failure = e;
        }
        return new Told(frames, events, failure);
    }

    private record Told(
            List<Frame> frames, ChatEvents events, @Nullable ApiFailure failure) {
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
                line.append("none");
            } else {
                line.append(usage.input())
                        .append('/')
                        .append(usage.cached())
                        .append('/')
                        .append(usage.output());
            }
            if (!events.deviations().isEmpty()) {
                line.append(events.deviations().entrySet().stream()
                        .map(entry -> entry.getKey().wire() + ":" + entry.getValue())
                        .collect(Collectors.joining(",", " deviations=", "")));
            }
            return line.toString();
        }
    }
}
