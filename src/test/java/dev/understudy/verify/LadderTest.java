package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LadderTest {
    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"},"
            + "\"word\":{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}},\"required\":[\"id\"],"
            + "\"additionalProperties\":false}";
    private static final String FIND =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":" + SCHEMA + "}}]";

    private final Ladder ladder = new Ladder();

    @Test
    void aWholeTextPassesAndHasNoSchema() {
        List<VerifyStep> steps = ladder.check(inquiry(call(""), text("hello", "stop"), Demands.NONE, null));
        assertThat(steps)
                .extracting(step -> step.step() + " " + step.result().wire())
                .containsExactly(
                        "end pass",
                        "parse pass",
                        "call pass",
                        "schema skip",
                        "grounding skip",
                        "degeneration pass",
                        "policy skip",
                        "margin skip");
        assertThat(Ladder.holds(steps)).isTrue();
    }

    @Test
    void nothingIsNoAnswerWhateverItsFinish() {
        assertThat(failure("", new Reply(null, List.of(), "stop", null))).isEqualTo("end: empty");
        assertThat(failure("", text(" \n", "stop"))).isEqualTo("end: empty");
    }

    @Test
    void aCutIsAFailureUnlessTheCallerAskedForIt() {
        assertThat(failure("", text("half", "length"))).isEqualTo("end: length");
        assertThat(failure("\"max_tokens\":5", text("half", "length"))).isEqualTo("none");
        assertThat(failure("\"max_tokens\":5,\"response_format\":{\"type\":\"json_object\"}", text("{}", "length")))
                .isEqualTo("end: length");
    }

    @Test
    void anAnswerBeyondAllMeasureFails() {
        assertThat(failure("", text("a b ".repeat(70_000), "stop"))).isEqualTo("end: too_long");
        assertThat(failure(FIND, calls("find", "{\"id\":1,\"word\":\"" + "x".repeat(300_000) + "\"}")))
                .isEqualTo("end: too_long");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"name\": \"find\", \"arguments\": {\"id\": 1}}          | parse: call_as_text",
                "Sure: {\"parameters\":{}, \"name\" : \"find\"}           | parse: call_as_text",
                "```json [{\"name\":\"find\",\"arguments\":{}}] ```         | parse: call_as_text",
                "find(id=1)                                             | parse: call_as_text",
                "[find(id=1)]                                           | parse: call_as_text",
                "{\"name\": \"Anna\", \"arguments\": 2}                    | none",
                "I would find (or lose) it                              | none",
            })
    void aCallWrittenOutAsTextIsNoAnswer(String text, String failure) {
        assertThat(failure(FIND, text(text, "stop"))).isEqualTo(failure);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "<tool_call>           ; parse: markup_left_over",
                "\\u003ctool_call\\u003e ; parse: markup_left_over",
                "<|im_end|>            ; parse: markup_left_over",
                "<think>               ; degeneration: template mark",
                "<|endoftext|>         ; degeneration: template mark",
                "<EMAIL>               ; degeneration: redaction mark",
            })
    void marksInArgumentsAreSeenThroughEscapes(String mark, String failure) {
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\"}}]";
        assertThat(failure(tools, calls("find", "{\"word\":\"" + mark + "\"}"))).isEqualTo(failure);
    }

    @Test
    void theBeginningOfAStreamIsLookedAtForWhatCanBeSeenByThen() {
        assertThat(ladder.checkBeginning(call(""), "The weather is"))
                .extracting(step -> step.step() + " " + step.result().wire())
                .containsExactly("end pass", "parse pass", "degeneration pass");
        assertThat(ladder.checkBeginning(call(""), " \n").getLast().detail()).isEqualTo("empty");
        assertThat(ladder.checkBeginning(call(""), "</tool_call>").getLast().detail())
                .isEqualTo("markup_left_over");
        assertThat(ladder.checkBeginning(call(""), "<think> so").getLast().detail())
                .isEqualTo("template mark");
    }

    @Test
    void whatCouldNotBeReadStrictlyFailsWithItsReason() {
        assertThat(failure("", new Reply("x", List.of(), "stop", "arguments_not_json")))
                .isEqualTo("parse: arguments_not_json");
        assertThat(failure("", text("<tool_call>{", "stop"))).isEqualTo("parse: markup_left_over");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "auto      | lose | call: unknown_tool",
                "none      | find | call: call_not_allowed",
                "required  | find | none",
                "auto      | find | none",
            })
    void aCallIsOfAToolThatMayBeCalled(String choice, String tool, String failure) {
        String members = FIND + ",\"tool_choice\":\"" + choice + "\"";
        assertThat(failure(members, calls(tool, "{\"id\":1}"))).isEqualTo(failure);
    }

    @Test
    void aChoiceMustBeHeeded() {
        assertThat(failure(FIND + ",\"tool_choice\":\"required\"", text("no", "stop")))
                .isEqualTo("call: choice_ignored");
        assertThat(failure(
                        FIND + ",\"parallel_tool_calls\":false",
                        new Reply(
                                null,
                                List.of(
                                        new Reply.ToolCall("a", "find", "{\"id\":1}"),
                                        new Reply.ToolCall("b", "find", "{\"id\":2}")),
                                "tool_calls",
                                null)))
                .isEqualTo("call: too_many_calls");
    }

    @Test
    void aSchemaIsKnownOnceAnAnswerWasHeldAgainstIt() {
        Call call = call(FIND);
        assertThat(ladder.knowsSchemas(call, text("hi", "stop"))).isTrue();
        assertThat(ladder.knowsSchemas(call, calls("find", "{\"id\":1}"))).isFalse();
        ladder.check(inquiry(call, calls("find", "{\"id\":1}"), Demands.NONE, null));
        assertThat(ladder.knowsSchemas(call, calls("find", "{\"id\":2}"))).isTrue();
        Call json = call("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
                + "{\"type\":\"object\"}}}");
        assertThat(ladder.knowsSchemas(json, text("{}", "stop"))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"id\":1}                  | none",
                "{\"id\":1,\"word\":\"ok\"}  | none",
                "{\"id\":\"1\"}              | schema: arguments: type",
                "{}                          | schema: arguments: required",
                "{\"id\":1,\"more\":2}       | schema: arguments: additionalProperties",
                "{\"id\":1,\"id\":2}         | schema: arguments: not_json",
                "{\"id\":1,\"word\":\"NO\"}  | schema: arguments: pattern",
                "{\"id\":1} x                | schema: arguments: not_json",
                "{\"id\":                    | schema: arguments: not_json",
                "[]                          | schema: arguments: type",
            })
    void argumentsFitTheirSchema(String arguments, String failure) {
        assertThat(failure(FIND, calls("find", arguments))).isEqualTo(failure);
    }

    @Test
    void contentFitsTheFormatThatWasAskedFor() {
        String byScheme = "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":"
                + SCHEMA + "}}";
        assertThat(failure(byScheme, text("{\"id\":1}", "stop"))).isEqualTo("none");
        assertThat(failure(byScheme, text("{\"id\":1.5}", "stop"))).isEqualTo("schema: content: type");
        String object = "\"response_format\":{\"type\":\"json_object\"}";
        assertThat(failure(object, text("{\"any\":1}", "stop"))).isEqualTo("none");
        assertThat(failure(object, text("[1]", "stop"))).isEqualTo("schema: content: not_an_object");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"$ref\":\"http://127.0.0.1:9/x.json\"}",
                "{\"$ref\":\"file:///etc/passwd\"}",
                "{\"properties\":{\"id\":{\"type\":\"string\",\"pattern\":\"(?=x)\"}}}",
                "{\"type\":7}",
                "{\"$ref\":\"#\"}",
                "{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
            })
    void aSchemaThatCannotBeUsedFailsTheAnswerAndFetchesNothing(String schema) {
        String tools =
                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":" + schema + "}}]";
        assertThat(failure(tools, calls("find", "{\"id\":\"x\"}"))).startsWith("schema: arguments: ");
    }

    @Test
    void aPatternMadeToBacktrackDoesNotHang() {
        String tools =
                "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":{\"properties\":"
                        + "{\"id\":{\"type\":\"string\",\"pattern\":\"^(a+)+$\"}}}}}]";
        String word = "a".repeat(50_000) + "!";
        long start = System.nanoTime();
        assertThat(failure(tools, calls("find", "{\"id\":\"" + word + "\"}"))).isEqualTo("schema: arguments: pattern");
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
    }

    @Test
    void anAnswerLaterThanItsBudgetFails() {
        var late = new Demands(Duration.ofMillis(1_499), null, Demands.Secrets.OFF, List.of());
        var justInTime = new Demands(Duration.ofMillis(1_500), null, Demands.Secrets.OFF, List.of());
        assertThat(failure(inquiry(call(""), text("hi", "stop"), late, null))).isEqualTo("end: budget");
        assertThat(failure(inquiry(call(""), text("hi", "stop"), justInTime, null)))
                .isEqualTo("none");
    }

    @ParameterizedTest
    @CsvSource({"2.0, none", "1.5, none", "1.49, margin: below the threshold", "NaN, margin: below the threshold"})
    void aMarginBelowTheThresholdFails(double margin, String failure) {
        assertThat(failure(inquiry(call(""), text("hi", "stop"), asking(1.5), run(margin))))
                .isEqualTo(failure);
    }

    @Test
    void withoutTokensThatCarryTheAnswerAMarginPassesAndAnUnknownOneFails() {
        assertThat(failure(inquiry(call(""), text("hi", "stop"), asking(1.5), run(null))))
                .isEqualTo("none");
        assertThat(failure(inquiry(call(""), text("hi", "stop"), asking(1.5), null)))
                .isEqualTo("margin: margin not known");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "the key is AKIAIOSFODNN7EXAMPLE       | policy: secrets",
                "{\"key\":\"\\u0041KIAIOSFODNN7EXAMPLE\"} | policy: secrets",
                "the key is in the safe                | none",
            })
    void aSecretInTheTextFailsWhereItIsDenied(String text, String failure) {
        var denied = new Demands(null, null, Demands.Secrets.DENY, List.of());
        var noted = new Demands(null, null, Demands.Secrets.NOTE, List.of());
        assertThat(failure(inquiry(call(""), text(text, "stop"), denied, null))).isEqualTo(failure);
        assertThat(failure(inquiry(call(""), text(text, "stop"), noted, null))).isEqualTo("none");
    }

    @Test
    void aSecretInArgumentsFailsEvenIfItIsEscaped() {
        var denied = new Demands(null, null, Demands.Secrets.DENY, List.of());
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\"}}]";
        Reply reply = calls("find", "{\"word\":\"\\u0041KIAIOSFODNN7EXAMPLE\"}");
        assertThat(failure(inquiry(call(tools), reply, denied, null))).isEqualTo("policy: secrets");
    }

    @Test
    void aConditionSeesTheAnswerAndItsPlaceIsTold() {
        List<AnswerFacts> seen = new ArrayList<>();
        Reply reply = calls("find", "{\"id\":1}");
        assertThat(failure(inquiry(
                        call(FIND), reply, asking(condition("a", true, seen), condition("b", true, seen)), null)))
                .isEqualTo("none");
        assertThat(failure(inquiry(
                        call(FIND), reply, asking(condition("a", true, seen), condition("b", false, seen)), null)))
                .isEqualTo("policy: b");
        assertThat(seen.getFirst()).isEqualTo(new AnswerFacts("tool_calls", "", List.of("find"), 7, 1_500));
    }

    private static Demands asking(double margin) {
        return new Demands(null, margin, Demands.Secrets.OFF, List.of());
    }

    private static Demands asking(Demands.Check... checks) {
        return new Demands(null, null, Demands.Secrets.OFF, List.of(checks));
    }

    private static LocalRun run(@Nullable Double margin) {
        return new LocalRun("v", "cpu", 1, 1, margin, margin, null);
    }

    private static Demands.Check condition(String place, boolean holds, List<AnswerFacts> seen) {
        return new Demands.Check() {
            @Override
            public String place() {
                return place;
            }

            @Override
            public boolean holds(AnswerFacts answer) {
                seen.add(answer);
                return holds;
            }
        };
    }

    private String failure(String members, Reply reply) {
        return failure(inquiry(call(members), reply, Demands.NONE, null));
    }

    private String failure(Inquiry inquiry) {
        VerifyStep last = ladder.check(inquiry).getLast();
        return last.result() == VerifyStep.Result.FAIL ? last.step() + ": " + last.detail() : "none";
    }

    private static Inquiry inquiry(Call call, Reply reply, Demands demands, @Nullable LocalRun run) {
        return new Inquiry(call, Kind.ANSWER, demands, reply, run, 7, 1_500_000);
    }

    private static Reply text(String content, String finish) {
        return new Reply(content, List.of(), finish, null);
    }

    private static Reply calls(String tool, String arguments) {
        return new Reply(null, List.of(new Reply.ToolCall("id", tool, arguments)), "tool_calls", null);
    }

    private static Call call(String members) {
        String body = "{\"model\":\"m\"," + (members.isEmpty() ? "" : members + ",")
                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        try {
            return CallReader.read(
                    UUID.randomUUID(), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }
}
