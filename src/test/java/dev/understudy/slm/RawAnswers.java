package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Raw answers of small models, with the calls that they answer: 500 that the starter and its demo adapter really gave
 * ({@code golden/slm/answers}), and any number of good ones broken at random. For every room whose checks an answer
 * passes.
 */
public final class RawAnswers {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] MARKS = {"<tool_call>", "</tool_call>", "<tool_call>\n", "\n</tool_call>"};
    private static final String[] SCRAPS = {
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        ",",
        ":",
        "\\",
        "<",
        ">",
        "/",
        "\n",
        " ",
        "0",
        "e",
        "null",
        "\\u00",
        "\\ud83d",
        "\u0000",
        "<|im_end|>",
        "```json\n",
        "Sure! ",
        "\"arguments\"",
        "\"name\"",
        "}}",
        "{\"a\": 1}",
        "\uD83D\uDE42",
        "\u4F60"
    };
    private static final int HUGE = 60_000;

    private RawAnswers() {}

    /**
     * One answer.
     *
     * @param kind of request, counted from 0: requests of one kind differ in their last message only
     * @param body of the chat call that it answers
     * @param text as the engine shows it: broken bytes are U+FFFD already
     * @param cut whether it ended at its token limit
     */
    public record Raw(int kind, String body, String text, boolean cut) {}

    /** All that were recorded. */
    public static List<Raw> recorded() {
        List<JsonNode> bodies = lines("requests.jsonl");
        List<Raw> all = new ArrayList<>();
        for (JsonNode line : lines("recorded.jsonl")) {
            int kind = line.path("request").asInt();
            ObjectNode body = bodies.get(kind).deepCopy();
            body.withArray("messages")
                    .addObject()
                    .put("role", "user")
                    .put("content", line.path("message").asText());
            all.add(new Raw(
                    kind,
                    body.toString(),
                    line.path("text").asText(),
                    line.path("cut").asBoolean()));
        }
        return all;
    }

    /** So many answers, each a good one that one to three things were done to; the same for the same seed. */
    public static List<Raw> fuzzed(long seed, int count) {
        var random = new SplittableRandom(seed);
        List<Raw> good = new ArrayList<>(recorded());
        good.removeIf(Raw::cut);
        for (Raw raw : List.copyOf(good)) {
            if (raw.text().startsWith("<tool_call>")) {
                good.add(new Raw(raw.kind(), raw.body(), raw.text() + "\n" + raw.text(), false));
                good.add(new Raw(raw.kind(), raw.body(), "One moment.\n" + raw.text(), false));
            }
        }
        List<Raw> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Raw one = good.get(random.nextInt(good.size()));
            String text = one.text();
            for (int k = random.nextInt(1, 4); k > 0; k--) {
                text = broken(text, random);
            }
            // a pair may have been cut in two; the engine shows whole characters
            text = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            all.add(new Raw(one.kind(), one.body(), text, random.nextInt(8) == 0));
        }
        return all;
    }

    private static String broken(String text, RandomGenerator random) {
        int at = text.isEmpty() ? 0 : random.nextInt(text.length());
        int to = Math.min(text.length(), at + 1 + random.nextInt(12));
        String scrap = SCRAPS[random.nextInt(SCRAPS.length)];
        return switch (random.nextInt(14)) {
            case 0 -> text.substring(0, at);
            case 1 -> text.substring(at);
            case 2 -> text + text;
            case 3 -> text.substring(0, to) + text.substring(at);
            case 4 -> text.substring(0, at) + text.substring(to);
            case 5, 6 -> text.substring(0, at) + scrap + text.substring(at);
            case 7 -> swapped(text, random);
            case 8 -> withBrokenBytes(text, random);
            case 9 -> text.replace("\"arguments\": {", "\"arguments\": {\"x\": " + text + ", ");
            case 10 -> text.replace("\": ", "\": " + "[".repeat(random.nextInt(1, 90)));
            case 11 ->
                random.nextInt(200) == 0
                        ? text.substring(0, at) + scrap.repeat(HUGE) + text.substring(at)
                        : text + scrap;
            case 12 -> text.replace('"', '\'');
            default -> text.replace("{\"", "{\"name\": \"x\", \"");
        };
    }

    private static String swapped(String text, RandomGenerator random) {
        String one = MARKS[random.nextInt(MARKS.length)];
        String other = MARKS[random.nextInt(MARKS.length)];
        return text.replace(one, "\u0001").replace(other, one).replace("\u0001", other);
    }

    /** A byte is changed, and decoded as the engine does it. */
    private static String withBrokenBytes(String text, RandomGenerator random) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(0x80, 0x100);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<JsonNode> lines(String name) {
        try (InputStream in = RawAnswers.class.getResourceAsStream("/golden/slm/answers/" + name)) {
            List<JsonNode> all = new ArrayList<>();
            for (String line : new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                all.add(JSON.readTree(line));
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
