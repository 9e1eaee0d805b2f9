package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.understudy.slm.RawAnswers.Raw;
import dev.understudy.slm.Starter.Opened;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Answers that were really given, and ten thousand broken ones, read and taken up the ladder: none is lost, none that
 * passes is empty, no call is silent.
 */
@ExtendWith(Starter.class)
class RawAnswersTest {
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final Set<String> REASONS = Set.of(
            "cut_off",
            "marker_without_call",
            "arguments_not_json",
            "text_left_over",
            "parsers_disagree",
            "round_trip_differs",
            "parser_error");
    private static final String BEFORE = "<tool_call>\n{\"name\": \"";
    private static final String MIDDLE = "\", \"arguments\": ";
    private static final String AFTER = "}\n</tool_call>";
    private static final int DEEP = 60;

    @Test
    void recordedAnswersAreReadOrRefusedByReason(Opened starter) {
        var climb = new Climb();
        Map<String, Integer> verdicts = judge(starter, RawAnswers.recorded(), climb);

        assertThat(verdicts.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(500);
        assertThat(verdicts).containsKeys("calls", "text", "json", "cut_off").doesNotContainKey("parser_error");
        assertThat(verdicts.get("calls")).isGreaterThan(200);
        assertThat(climb.ends().get("passed")).isGreaterThan(200);
        assertThat(climb.ends()).containsKeys("parse", "grounding");
    }

    @Test
    void tenThousandBrokenAnswersAreReadOnlyWhereTheyCanBeReadExactly(Opened starter) {
        var climb = new Climb();
        Map<String, Integer> verdicts = judge(starter, RawAnswers.fuzzed(20_261_124, 10_000), climb);

        assertThat(verdicts.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(10_000);
        assertThat(verdicts)
                .containsKeys("calls", "text", "json", "cut_off", "marker_without_call", "arguments_not_json")
                .containsKeys("text_left_over", "parsers_disagree");
        assertThat(climb.ends()).containsKeys("end", "parse", "call", "schema", "grounding", "degeneration", "passed");
    }

    /** How many ended in which way. */
    private static Map<String, Integer> judge(Opened starter, List<Raw> answers, Climb climb) {
        Map<Integer, SlmPlan> plans = new HashMap<>();
        try {
            return starter.threads().call(() -> {
                Map<String, Integer> verdicts = new TreeMap<>();
                for (Raw raw : answers) {
                    SlmPlan plan = plans.computeIfAbsent(
                            raw.kind(),
                            kind -> starter.engine().prepare(raw.body().getBytes(StandardCharsets.UTF_8)));
                    SlmAnswer answer = plan.read(raw.text(), raw.cut());
                    verdicts.merge(judge(plan.expected(), raw, answer), 1, Integer::sum);
                    climb.take(raw, answer);
                }
                return verdicts;
            });
        } finally {
            plans.values().forEach(SlmPlan::close);
        }
    }

    /** Holds one reading against a second one that shares no code with it; the verdict. */
    private static String judge(String expected, Raw raw, SlmAnswer answer) {
        String text = raw.text();
        String reason = answer.unparsed();
        if (reason != null) {
            assertThat(REASONS).contains(reason);
            assertThat(answer.calls()).isEmpty();
            assertThat(answer.content()).isEqualTo(text);
        }
        return switch (expected) {
            case "json" -> judgeJson(raw, answer);
            case "auto_calls", "forced_calls" -> judgeCalls(expected, raw, answer);
            default -> {
                assertThat(reason).isNull();
                assertThat(answer.content()).isEqualTo(text);
                yield answer.isEmpty() ? "empty" : "text";
            }
        };
    }

    private static String judgeJson(Raw raw, SlmAnswer answer) {
        JsonNode value = json(raw.text());
        boolean exact = value != null && !raw.text().contains("\uFFFD");
        if (answer.unparsed() == null) {
            assertThat(exact).as(raw.text()).isTrue();
            assertThat(answer.content()).isEqualTo(raw.text());
            return "json";
        }
        boolean mayBeRefused = raw.cut() || !exact || deep(raw.text()) || halfCharacter(raw.text());
        assertThat(mayBeRefused).as(raw.text()).isTrue();
        return answer.unparsed();
    }

    private static String judgeCalls(String expected, Raw raw, SlmAnswer answer) {
        String text = raw.text();
        List<SlmAnswer.ToolCall> exact = exactly(text);
        if (answer.unparsed() == null && !answer.calls().isEmpty()) {
            assertThat(answer.calls()).as(text).isEqualTo(exact);
            return "calls";
        }
        if (answer.unparsed() == null) {
            assertThat(expected).as(text).isEqualTo("auto_calls");
            assertThat(answer.content()).isEqualTo(text);
            assertThat(text).doesNotContain("tool_call");
            assertThat(text.contains("_order\"") && text.contains("\"arguments\""))
                    .as(text)
                    .isFalse();
            return answer.isEmpty() ? "empty" : "text";
        }
        boolean good = exact != null && text.startsWith(BEFORE) && !text.contains("\uFFFD") && !raw.cut();
        boolean mayBeRefused =
                !good || deep(text) || halfCharacter(text) || answer.unparsed().equals("parsers_disagree");
        assertThat(mayBeRefused).as(answer.unparsed() + ": " + text).isTrue();
        return answer.unparsed();
    }

    /** The calls of a text that consists of them, with blanks or other text before and blanks after; else null. */
    private static @Nullable List<SlmAnswer.ToolCall> exactly(String text) {
        List<SlmAnswer.ToolCall> calls = new ArrayList<>();
        int at = text.indexOf("<tool_call>");
        while (at >= 0 && text.startsWith(BEFORE, at)) {
            int name = at + BEFORE.length();
            int end = text.indexOf('"', name);
            if (end < 0
                    || !text.startsWith(MIDDLE, end)
                    || !text.substring(name, end).matches("[A-Za-z0-9_-]{1,64}")) {
                return null;
            }
            int from = end + MIDDLE.length();
            int to = endOfObject(text, from);
            if (to < 0 || !text.startsWith(AFTER, to)) {
                return null;
            }
            calls.add(new SlmAnswer.ToolCall(text.substring(name, end), text.substring(from, to)));
            at = to + AFTER.length();
            if (text.substring(at).isBlank()) {
                return calls;
            }
            at = text.startsWith("\n<tool_call>", at) ? at + 1 : -1;
        }
        return null;
    }

    private static int endOfObject(String text, int from) {
        if (!text.startsWith("{", from)) {
            return -1;
        }
        String rest = text.substring(from);
        try (JsonParser parser = STRICT.createParser(rest)) {
            STRICT.readTree(parser);
            return from + (int) parser.currentLocation().getCharOffset();
        } catch (IOException e) {
            return -1;
        }
    }

    private static @Nullable JsonNode json(String text) {
        try (JsonParser parser = STRICT.createParser(text)) {
            JsonNode value = STRICT.readTree(parser);
            return value != null && parser.nextToken() == null ? value : null;
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean deep(String text) {
        return text.chars().filter(c -> c == '[' || c == '{').count() > DEEP;
    }

    private static boolean halfCharacter(String text) {
        return text.contains("\\ud");
    }
}
