package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.understudy.call.Kind;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AnswerComparatorTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode ORDER = read("""
            {"type": "object", "properties": {
              "item": {"type": "string"}, "count": {"type": "integer", "default": 1},
              "colour": {"enum": ["Red", "red"]}, "price": {"type": "number"},
              "mail": {"type": "string", "format": "email"},
              "tags": {"type": "array", "uniqueItems": true, "items": {"type": "string"}},
              "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}}},
             "$defs": {"step": {"type": "object", "properties": {"hurry": {"type": "boolean", "default": false}}}}}
            """);
    private static final AnswerShape SHAPE = new AnswerShape(Map.of("order", ORDER), ORDER);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"item\": \"The  Sauna\", \"count\": 1}    | {\"count\": 1, \"item\": \"the sauna\"}",
                "{\"item\": \"ﬁne tea\"}                     | {\"item\": \"Fine tea\", \"count\": 1}",
                "{\"price\": 1000.0000001}                   | {\"price\": 1000}",
                "{\"price\": 2.50}                           | {\"price\": 2.5}",
                "{\"count\": 2.0}                            | {\"count\": 2}",
                "{\"tags\": [\"b\", \"a\", \"c\"]}           | {\"tags\": [\"a\", \"b\", \"c\"]}",
                "{\"steps\": [{}]}                           | {\"steps\": [{\"hurry\": false}]}",
                "{\"item\": null}                            | {\"item\": null}"
            })
    void documentsThatSayTheSameAgree(String got, String want) {
        assertThat(compare(Kind.EXTRACT, text(got), text(want))).isEqualTo(Comparison.AGREES);
        assertThat(compare(Kind.EXTRACT, text(want), text(got))).isEqualTo(Comparison.AGREES);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"item\": \"sauna\"}             | {\"item\": \"the sauna\"}              | $.item",
                "{\"item\": \"A7b\"}               | {\"item\": \"a7B\"}                    | $.item",
                "{\"mail\": \"Ann@Example.org\"}   | {\"mail\": \"ann@example.org\"}        | $.mail",
                "{\"colour\": \"red\"}             | {\"colour\": \"Red\"}                  | $.colour",
                "{\"count\": \"2\"}                | {\"count\": 2}                         | $.count",
                "{\"count\": 1000001}              | {\"count\": 1000000}                   | $.count",
                "{\"price\": 1.001}                | {\"price\": 1}                         | $.price",
                "{\"tags\": [\"a\", \"a\", \"b\"]} | {\"tags\": [\"a\", \"b\", \"b\"]}      | $.tags",
                "{\"steps\": [{}, {\"hurry\": true}]} | {\"steps\": [{\"hurry\": true}, {}]} | $.steps[0].hurry",
                "{\"item\": \"x\", \"more\": 1}    | {\"item\": \"x\"}                      | $.more",
                "{\"count\": 2}                    | {\"item\": \"x\", \"count\": 2}        | $.item",
                "{\"item\": null}                  | {\"item\": \"null\"}                   | $.item",
                "{\"item\": true}                  | {\"item\": false}                      | $.item",
                "[1]                               | {\"item\": 1}                          | $",
                "no JSON                           | {\"item\": 1}                          | $"
            })
    void documentsThatSayOtherThingsDifferAtTheFirstPlace(String got, String want, String path) {
        assertThat(compare(Kind.EXTRACT, text(got), text(want)))
                .isInstanceOfSatisfying(
                        Comparison.Differs.class,
                        found -> assertThat(found.path()).isEqualTo(path));
    }

    @Test
    void parallelCallsMayComeInAnyOrderAndEachIsNeededOnce() {
        Answer want = calls("{\"item\":\"a\"}", "{\"item\":\"b\"}", "{\"item\":\"b\",\"count\":2}");
        assertThat(compare(
                        Kind.TOOL_CALL,
                        calls("{\"count\":2,\"item\":\"B\"}", "{\"item\":\"b\",\"count\":1}", "{\"item\":\"a\"}"),
                        want))
                .isEqualTo(Comparison.AGREES);
        assertThat(compare(Kind.TOOL_CALL, calls("{\"item\":\"a\"}", "{\"item\":\"b\"}", "{\"item\":\"b\"}"), want))
                .isEqualTo(new Comparison.Differs("calls[2].count", "1", "2"));
        assertThat(compare(Kind.TOOL_CALL, calls("{\"item\":\"a\"}", "{\"item\":\"b\"}"), want))
                .isEqualTo(new Comparison.Differs("calls", "[order, order]", "[order, order, order]"));
    }

    @Test
    void aCallWhereTheReferenceHasNoneIsWrongAndTextWhereItHasTextIsRight() {
        Answer spoken = text("Which order do you mean?");
        assertThat(compare(Kind.TOOL_CALL, calls("{}"), spoken)).isInstanceOf(Comparison.Differs.class);
        assertThat(compare(Kind.TOOL_CALL, text("Which one?"), spoken)).isEqualTo(Comparison.AGREES);
        assertThat(compare(Kind.TOOL_CALL, spoken, calls("{}"))).isInstanceOf(Comparison.Differs.class);
    }

    @Test
    void labelsAreComparedWithoutTheirDress() {
        assertThat(compare(Kind.CLASSIFY, text("\"Refund\"."), text("refund"))).isEqualTo(Comparison.AGREES);
        assertThat(compare(Kind.CLASSIFY, text("refunds"), text("refund"))).isInstanceOf(Comparison.Differs.class);
        assertThat(compare(Kind.CLASSIFY, text("{\"colour\":\"Red\"}"), text("{ \"colour\": \"Red\" }")))
                .isEqualTo(Comparison.AGREES);
        assertThat(compare(Kind.CLASSIFY, calls("{}"), text("refund"))).isInstanceOf(Comparison.Differs.class);
    }

    @Test
    void aReferenceThatCannotBeUsedSaysNothingOfTheAnswer() {
        assertThat(compare(Kind.EXTRACT, text("{}"), text("sorry")))
                .isEqualTo(new Comparison.Unscorable("reference_not_json"));
        assertThat(compare(Kind.EXTRACT, text("{}"), text(" ")))
                .isEqualTo(new Comparison.Unscorable("reference_empty"));
        assertThat(compare(Kind.EXTRACT, text("{}"), new Answer("{}", null, List.of(), "length", TokenCount.NONE)))
                .isEqualTo(new Comparison.Unscorable("reference_cut"));
        assertThat(compare(Kind.EXTRACT, text("{}"), new Answer("{}", null, List.of(), null, TokenCount.NONE)))
                .isEqualTo(new Comparison.Unscorable("reference_cut"));
        assertThat(compare(Kind.TOOL_CALL, calls("{}"), calls("{")))
                .isEqualTo(new Comparison.Unscorable("reference_not_json"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"CHAT", "DECIDE", "ANSWER"})
    void whatNobodyCanCompareIsNeverScored(Kind kind) {
        assertThat(AnswerComparator.isFor(kind)).isFalse();
        assertThat(compare(kind, text("a"), text("a"))).isEqualTo(new Comparison.Unscorable("no_comparator"));
    }

    @Test
    void aDifferenceDoesNotPrintItsValues() {
        assertThat(new Comparison.Differs("$.item", "\"secret\"", "\"other\"")).hasToString("Differs[$.item]");
    }

    private static Comparison compare(Kind kind, Answer got, Answer want) {
        return AnswerComparator.compare(kind, SHAPE, got, want);
    }

    private static Answer text(@Nullable String content) {
        return new Answer(content, null, List.of(), "stop", TokenCount.NONE);
    }

    private static Answer calls(String... arguments) {
        List<Reply.ToolCall> calls = java.util.Arrays.stream(arguments)
                .map(text -> new Reply.ToolCall("id", "order", text))
                .toList();
        return new Answer(null, null, calls, "tool_calls", TokenCount.NONE);
    }

    private static JsonNode read(String text) {
        try {
            JsonNode node = JSON.readTree(text);
            return node == null ? MissingNode.getInstance() : node;
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
