package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.call.ToolChoice;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Ten thousand answers made at random of what small models write, whole, broken and beside the point, held against calls
 * of every form. What passes is checked here by other means than the ladder's.
 */
class LadderPropertiesTest {
    private static final int ANSWERS = 10_000;
    private static final long SEED = 20_261_124;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String TOOLS = """
            "tools": [
              {"type": "function", "function": {"name": "refund_order", "parameters": {"type": "object",
                "properties": {"order_id": {"type": "string"}, "amount": {"type": "integer", "minimum": 1}},
                "required": ["order_id", "amount"], "additionalProperties": false}}},
              {"type": "function", "function": {"name": "set_timer", "parameters": {"type": "object",
                "properties": {"unit": {"enum": ["minutes", "hours"]}, "count": {"type": "integer"}},
                "required": ["unit", "count"], "additionalProperties": false}}}]
            """;

    private static final List<String> FORMS = List.of(
            "",
            TOOLS,
            TOOLS + ",\"tool_choice\":\"none\"",
            TOOLS + ",\"tool_choice\":\"required\"",
            TOOLS + ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false",
            TOOLS + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"set_timer\"}}",
            "\"response_format\":{\"type\":\"json_object\"}");

    private static final List<String> PIECES = List.of(
            "",
            " ",
            "\n",
            "Your refund is on its way.",
            "KX-48213",
            "<tool_call>",
            "</tool_call>",
            "<|im_end|>",
            "<TOOL_CALL>",
            "<think>",
            "[TOOL_CALLS]",
            "{\"name\": \"refund_order\", \"arguments\": {\"order_id\": \"KX-48213\", \"amount\": 45}}",
            "refund_order(order_id=\"KX-48213\")",
            "{\"a\": 1}",
            "[1]",
            "I'm sorry, but I can't help with that.",
            "the same again ",
            "<EMAIL>",
            "\u0000",
            "\ud83d",
            "é東京");

    private static final List<String> ARGUMENTS = List.of(
            "{\"order_id\": \"KX-48213\", \"amount\": 45}",
            "{\"amount\": 45, \"order_id\": \"kx-48213\"}",
            "{\"order_id\": \"KX-48214\", \"amount\": 45}",
            "{\"order_id\": \"KX-48213\", \"amount\": 46}",
            "{\"order_id\": \"KX-48213\", \"amount\": \"45\"}",
            "{\"order_id\": \"KX-48213\", \"amount\": 45, \"amount\": 45}",
            "{\"order_id\": \"KX-48213\", \"amount\": 45, \"more\": 1}",
            "{\"order_id\": \"KX-48213\", \"amount\": 45",
            "{\"order_id\": \"\\u003ctool_call\\u003e\", \"amount\": 45}",
            "{\"unit\": \"minutes\", \"count\": 45}",
            "{\"unit\": \"days\", \"count\": 45}",
            "{\"unit\": \"hours\", \"count\": 0}",
            "{}",
            "[]",
            "null",
            "",
            "NaN",
            "{\"unit\": \"minutes\", \"count\": 4.5e1}");

    private static final List<String> MARKS = List.of("tool_call>", "<|", "<think", "[tool_calls]", "<email>");

    private final Ladder ladder = new Ladder();
    private final SplittableRandom chance = new SplittableRandom(SEED);

    @Test
    void whatPassesIsAnAnswerThatMayBeSent() throws Exception {
        List<Call> calls = new ArrayList<>();
        for (String form : FORMS) {
            calls.add(call(form));
        }
        Map<VerifyStep.Result, Integer> ends = new EnumMap<>(VerifyStep.Result.class);
        for (int i = 0; i < ANSWERS; i++) {
            Call call = calls.get(chance.nextInt(calls.size()));
            Reply reply = reply();
            List<VerifyStep> steps = ladder.check(new Inquiry(call, Kind.TOOL_CALL, Demands.NONE, reply, null, 1, 1));
            ends.merge(Ladder.holds(steps) ? VerifyStep.Result.PASS : VerifyStep.Result.FAIL, 1, Integer::sum);
            for (VerifyStep step : steps.subList(0, steps.size() - 1)) {
                assertThat(step.result()).isNotEqualTo(VerifyStep.Result.FAIL);
            }
            if (Ladder.holds(steps)) {
                assertMayBeSent(call, reply);
            }
        }
        // neither side may be empty, else nothing was shown
        assertThat(ends.get(VerifyStep.Result.PASS)).isBetween(ANSWERS / 100, ANSWERS / 3);
        assertThat(ends.get(VerifyStep.Result.FAIL)).isGreaterThan(ANSWERS / 2);
    }

    private static void assertMayBeSent(Call call, Reply reply) throws Exception {
        String content = reply.content() == null ? "" : reply.content();
        assertThat(content.isBlank() && reply.calls().isEmpty())
                .as("an empty turn: %s", reply)
                .isFalse();
        assertThat(reply.unparsed()).isNull();
        String all = content + reply.calls();
        String decoded = all.replace("\\u003c", "<").replace("\\u003e", ">").toLowerCase(Locale.ROOT);
        assertThat(MARKS).as(all).noneMatch(decoded::contains);
        if (!call.tools().isEmpty()) {
            assertThat(content).as("a silent call").doesNotContain("refund_order");
        }
        if (reply.calls().isEmpty()) {
            assertThat(call.toolChoice()).isNotInstanceOfAny(ToolChoice.Required.class, ToolChoice.Named.class);
        } else {
            assertThat(call.toolChoice()).isNotInstanceOf(ToolChoice.None.class);
            assertThat(call.parallelToolCalls() || reply.calls().size() == 1).isTrue();
        }
        for (Reply.ToolCall made : reply.calls()) {
            assertThat(call.tools()).anyMatch(tool -> tool.name().equals(made.name()));
            assertFits(made.name(), JSON.readTree(made.arguments()));
        }
    }

    /** The two schemas and the prompt of this test once more, by hand. */
    private static void assertFits(String tool, JsonNode arguments) {
        assertThat(arguments.size()).isEqualTo(2);
        if (tool.equals("refund_order")) {
            assertThat(arguments.path("order_id").asText()).isEqualToIgnoringCase("KX-48213");
            assertThat(arguments.path("amount").isNumber()).isTrue();
            assertThat(arguments.path("amount").asInt()).isEqualTo(45);
        } else {
            assertThat(arguments.path("unit").asText()).isIn("minutes", "hours");
            assertThat(arguments.path("count").isNumber()).isTrue();
            assertThat(arguments.path("count").asInt()).isEqualTo(45);
        }
    }

    private Reply reply() {
        StringBuilder content = new StringBuilder();
        for (int i = chance.nextInt(4); i > 0; i--) {
            content.append(pick(PIECES).repeat(chance.nextInt(40) == 0 ? 30 : 1));
        }
        List<Reply.ToolCall> calls = new ArrayList<>();
        for (int i = chance.nextInt(3); i > 0; i--) {
            String name = pick(List.of("refund_order", "set_timer", "refund_order", "delete_all", ""));
            calls.add(new Reply.ToolCall("c" + i, name, broken(pick(ARGUMENTS))));
        }
        String unparsed = chance.nextInt(12) == 0 ? "cut_off" : null;
        return new Reply(
                chance.nextInt(3) == 0 ? null : content.toString(),
                calls,
                pick(List.of("stop", "tool_calls", "stop", "tool_calls", "length", "error", "")),
                unparsed);
    }

    /** Some arguments with a character changed, dropped or doubled. */
    private String broken(String arguments) {
        if (arguments.isEmpty() || chance.nextInt(3) > 0) {
            return arguments;
        }
        int at = chance.nextInt(arguments.length());
        return switch (chance.nextInt(3)) {
            case 0 -> arguments.substring(0, at) + arguments.substring(at + 1);
            case 1 -> arguments.substring(0, at) + arguments.charAt(at) + arguments.substring(at);
            default -> arguments.substring(0, at) + (char) (' ' + chance.nextInt(95)) + arguments.substring(at + 1);
        };
    }

    private String pick(List<String> from) {
        return from.get(chance.nextInt(from.size()));
    }

    private static Call call(String members) {
        String body =
                "{\"model\":\"m\"," + (members.isEmpty() ? "" : members + ",") + "\"messages\":[{\"role\":\"user\","
                        + "\"content\":\"Refund 45 for order KX-48213, and set a timer.\"}]}";
        try {
            return CallReader.read(
                    UUID.randomUUID(), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }
}
