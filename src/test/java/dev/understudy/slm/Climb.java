package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import dev.understudy.slm.RawAnswers.Raw;
import dev.understudy.verify.Inquiry;
import dev.understudy.verify.Ladder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes answers, as they were read, up the ladder. Whatever passes is looked at once more, by hand: it says something,
 * its calls are of tools that are offered, with arguments that fit, and no call hides in its text.
 */
final class Climb {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Ladder ladder = new Ladder();
    private final Map<String, Integer> ends = new TreeMap<>();

    /** How many passed ({@code passed}), and how many failed at which step. */
    Map<String, Integer> ends() {
        return ends;
    }

    void take(Raw raw, SlmAnswer answer) {
        Call call = call(raw);
        boolean json = call.responseFormat().type() != ResponseFormat.Type.TEXT;
        Kind kind = call.tools().isEmpty() ? json ? Kind.EXTRACT : Kind.ANSWER : Kind.TOOL_CALL;
        Reply reply = reply(answer, raw.cut());
        List<VerifyStep> steps = ladder.check(new Inquiry(call, kind, Demands.NONE, reply, null, 1, 1));
        if (!Ladder.holds(steps)) {
            ends.merge(steps.getLast().step(), 1, Integer::sum);
            return;
        }
        ends.merge("passed", 1, Integer::sum);
        String content = reply.content() == null ? "" : reply.content();
        assertThat(reply.unparsed()).isNull();
        assertThat(content.isBlank() && reply.calls().isEmpty())
                .as("an empty turn: %s", raw.text())
                .isFalse();
        assertThat(content).doesNotContain("tool_call>", "<|im_");
        for (Reply.ToolCall made : reply.calls()) {
            assertFits(raw, made);
        }
        if (!call.tools().isEmpty()) {
            assertThat(content.contains("\"arguments\"") && content.contains("_order\""))
                    .as("a silent call: %s", content)
                    .isFalse();
        }
    }

    /** Names, required members and their types, read from the body anew. */
    private static void assertFits(Raw raw, Reply.ToolCall made) {
        JsonNode parameters =
                Objects.requireNonNull(parameters(raw, made.name()), () -> made.name() + " is not offered");
        JsonNode arguments = read(made.arguments());
        assertThat(arguments.isObject()).as(made.arguments()).isTrue();
        for (JsonNode name : parameters.path("required")) {
            assertThat(arguments.has(name.asText())).as(made.arguments()).isTrue();
        }
        for (Map.Entry<String, JsonNode> member : parameters.path("properties").properties()) {
            JsonNode value = arguments.path(member.getKey());
            if (!value.isMissingNode()) {
                boolean fits = switch (member.getValue().path("type").asText()) {
                    case "string" -> value.isTextual();
                    case "integer" -> value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
                    case "number" -> value.isNumber();
                    case "boolean" -> value.isBoolean();
                    default -> true;
                };
                assertThat(fits).as(made.arguments()).isTrue();
            }
        }
    }

    private static @Nullable JsonNode parameters(Raw raw, String tool) {
        for (JsonNode one : read(raw.body()).path("tools")) {
            if (one.at("/function/name").asText().equals(tool)) {
                return one.at("/function/parameters");
            }
        }
        return null;
    }

    private static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException e) {
            throw new AssertionError(json, e);
        }
    }

    private static Reply reply(SlmAnswer answer, boolean cut) {
        List<Reply.ToolCall> calls = new ArrayList<>();
        for (SlmAnswer.ToolCall one : answer.calls()) {
            calls.add(new Reply.ToolCall("c" + calls.size(), one.name(), one.arguments()));
        }
        String finish = calls.isEmpty() ? cut ? "length" : "stop" : "tool_calls";
        return new Reply(answer.content().isEmpty() ? null : answer.content(), calls, finish, answer.unparsed());
    }

    private static Call call(Raw raw) {
        try {
            return CallReader.read(
                    UUID.randomUUID(), Instant.EPOCH, 0, raw.body().getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }
}
