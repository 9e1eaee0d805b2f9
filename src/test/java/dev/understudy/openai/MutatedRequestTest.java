package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Many damaged requests, the same ones in each run: each is a call or a failure below 500, and a call means what a
 * reader of whole trees takes it to mean.
 */
class MutatedRequestTest {
    private static final int ROUNDS = 20_000;
    private static final List<String> KEYS = List.of(
            "model",
            "messages",
            "stream",
            "stream_options",
            "n",
            "max_tokens",
            "store",
            "tools",
            "tool_choice",
            "response_format",
            "role",
            "content",
            "Model",
            "api_base",
            "x",
            "mod\\u0065l");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "0",
            "-1",
            "1e999",
            "1E-5",
            "12345678901234567890",
            "\"m\"",
            "\"\"",
            "\"\\ud800\"",
            "\"\\u0000\"",
            "[]",
            "{}",
            "[{}]",
            "[1,[2,{\"a\":3}]]",
            "{\"role\":\"user\",\"content\":\"hi\"}",
            "{\"include_usage\":true}",
            "NaN",
            "01",
            "'x'",
            "\"\u00E9\uD83D\uDE00\"");

    private final Random random = new Random(20_261_124);
    private final ObjectMapper trees = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private final List<byte[]> seeds = Golden.cases("request", ".json").stream()
            .map(name -> Golden.bytes("request", name + ".json"))
            .filter(MutatedRequestTest::isCall)
            .toList();

    @Test
    void eachIsACallThatATreeReaderSeesAlikeOrARefusal() {
        int[] read = new int[2];
        assertTimeout(Duration.ofMinutes(2), () -> {
            for (int i = 0; i < ROUNDS; i++) {
                byte[] body = mutated();
                try {
                    assertSameMeaning(Calls.of(body, Map.of()), body);
                    read[0]++;
                } catch (ApiFailure e) {
                    assertThat(e.status()).isBetween(400, 499);
                    assertThat(e.message()).isNotBlank();
                    read[1]++;
                }
            }
        });
        // The test would say nothing if all went one way.
        assertThat(read[0]).isGreaterThan(ROUNDS / 10);
        assertThat(read[1]).isGreaterThan(ROUNDS / 10);
    }

    private void assertSameMeaning(Call call, byte[] body) throws IOException {
        JsonNode tree = trees.readTree(body);
        String shown = new String(body, StandardCharsets.UTF_8);
        assertThat(call.model()).as(shown).isEqualTo(tree.get("model").textValue());
        assertThat(trees.readTree(text(call, call.modelSpan())).textValue()).isEqualTo(call.model());
        assertThat(call.stream()).as(shown).isEqualTo(tree.path("stream").asBoolean(false));
        assertThat(call.store())
                .as(shown)
                .isEqualTo(
                        tree.hasNonNull("store") ? (Boolean) tree.get("store").booleanValue() : null);
        assertThat(call.n())
                .as(shown)
                .isEqualTo(tree.hasNonNull("n") ? (int) tree.get("n").doubleValue() : 1);
        JsonNode most =
                tree.hasNonNull("max_completion_tokens") ? tree.get("max_completion_tokens") : tree.path("max_tokens");
        assertThat(call.maxTokens()).as(shown).isEqualTo(most.isNumber() ? (Integer) (int) most.doubleValue() : null);
        JsonNode usage = tree.path("stream_options").path("include_usage");
        assertThat(call.includeUsage()).as(shown).isEqualTo(usage.isBoolean() && usage.booleanValue());
        Set<String> names = new TreeSet<>();
        tree.fieldNames().forEachRemaining(names::add);
        assertThat(new TreeSet<>(call.parameters())).as(shown).isEqualTo(names);
        assertThat(call.tools()).as(shown).hasSize(tree.path("tools").size());
        assertThat(call.messages()).as(shown).hasSize(tree.get("messages").size());
        for (int i = 0; i < call.messages().size(); i++) {
            Message message = call.messages().get(i);
            JsonNode node = tree.get("messages").get(i);
            assertThat(trees.readTree(text(call, message.span()))).isEqualTo(node);
            assertThat(message.role())
                    .as(shown)
                    .isEqualTo(node.path("role").isTextual() ? node.get("role").textValue() : "");
            if (node.path("content").isTextual()) {
                assertThat(message.text())
                        .as(shown)
                        .isEqualTo(node.get("content").textValue());
            }
        }
        // What goes upstream is the same, but for the name.
        JsonNode sent = trees.readTree(Splice.forUpstream(call, "other"));
        assertThat(sent.get("model").textValue()).isEqualTo("other");
        assertThat(sent.get("messages")).isEqualTo(tree.get("messages"));
    }

    private byte[] mutated() {
        byte[] body = seeds.get(random.nextInt(seeds.size())).clone();
        for (int wounds = random.nextInt(3); wounds >= 0; wounds--) {
            body = switch (random.nextInt(8)) {
                case 0 -> flipped(body);
                case 1 -> Arrays.copyOf(body, random.nextInt(body.length + 1));
                case 2 -> inserted(body, memberStart(body), member());
                case 3 -> inserted(body, random.nextInt(body.length + 1), VALUES.get(random.nextInt(VALUES.size())));
                case 4 -> withNesting(body, random.nextInt(1_200));
                case 5 -> inserted(body, memberStart(body), "\"d\":" + "9".repeat(random.nextInt(1_500) + 1) + ",");
                case 6 -> without(body);
                default -> withValue(body);
            };
        }
        return body;
    }

    /** What is whole at first gives wounds of all kinds a chance. */
    @SuppressWarnings("ReferenceEquality") // the very bytes go on
    private static boolean isCall(byte[] body) {
        try {
            return Calls.of(body, Map.of()).body() == body;
        } catch (ApiFailure e) {
            return false;
        }
    }

    private byte[] flipped(byte[] body) {
        if (body.length > 0) {
            body[random.nextInt(body.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return body;
    }

    private String member() {
        return "\"" + KEYS.get(random.nextInt(KEYS.size())) + "\":" + VALUES.get(random.nextInt(VALUES.size())) + ",";
    }

    private byte[] withNesting(byte[] body, int depth) {
        boolean objects = random.nextBoolean();
        String deep = (objects ? "{\"a\":" : "[").repeat(depth) + "1" + (objects ? "}" : "]").repeat(depth);
        return inserted(body, memberStart(body), "\"deep\":" + deep + ",");
    }

    /** Puts another value after some colon. */
    private byte[] withValue(byte[] body) {
        List<Integer> colons = new ArrayList<>();
        for (int i = 0; i < body.length; i++) {
            if (body[i] == ':') {
                colons.add(i);
            }
        }
        if (colons.isEmpty()) {
            return body;
        }
        int colon = colons.get(random.nextInt(colons.size()));
        return inserted(body, colon + 1, VALUES.get(random.nextInt(VALUES.size())) + ",\"was\":");
    }

    /** The place after some opening brace, or none of them. */
    private int memberStart(byte[] body) {
        List<Integer> braces = new ArrayList<>();
        for (int i = 0; i + 1 < body.length; i++) {
            if (body[i] == '{' && body[i + 1] == '"') {
                braces.add(i + 1);
            }
        }
        return braces.isEmpty() ? 0 : braces.get(random.nextInt(braces.size()));
    }

    private byte[] without(byte[] body) {
        if (body.length == 0) {
            return body;
        }
        int from = random.nextInt(body.length);
        int to = Math.min(body.length, from + 1 + random.nextInt(8));
        ByteArrayOutputStream left = new ByteArrayOutputStream();
        left.write(body, 0, from);
        left.write(body, to, body.length - to);
        return left.toByteArray();
    }

    private static byte[] inserted(byte[] body, int at, String text) {
        ByteArrayOutputStream longer = new ByteArrayOutputStream();
        longer.write(body, 0, at);
        longer.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        longer.write(body, at, body.length - at);
        return longer.toByteArray();
    }

    private static String text(Call call, Span span) {
        return new String(call.body(), span.start(), span.length(), StandardCharsets.UTF_8);
    }
}
