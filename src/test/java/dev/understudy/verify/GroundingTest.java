package dev.understudy.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.Kind;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is read of the prompt is held in {@link PromptTextTest}. */
class GroundingTest {
    private static final String SCHEMA = """
            {"type": "object", "$defs": {"unit": {"enum": ["piece", "box"]}}, "properties": {
              "order_id": {"type": "string", "description": "like KX-11111"},
              "amount": {"type": "number", "default": 7},
              "sign": {"const": "yes"},
              "unit": {"$ref": "#/$defs/unit"},
              "either": {"anyOf": [{"enum": ["left"]}, {"type": "null"}]},
              "rows": {"type": "array", "items": {"type": "object", "properties": {"unit": {"enum": ["crate"]}}}},
              "pair": {"type": "array", "prefixItems": [{"enum": ["first"]}, {"enum": ["second"]}]},
              "day": {"type": "string", "format": "date"},
              "self": {"$ref": "#"},
              "urgent": {"type": "boolean"}}}
            """;

    private static final String MESSAGES = """
            [{"role": "system", "content": "You help the shop."},
             {"role": "user", "content": "Refund 45 for KX-48213 on 12 March, says Anna Schmidt."},
             {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function",
               "function": {"name": "look", "arguments": "{\\"city\\": \\"M\\\\u00fcnchen\\"}"}}]},
             {"role": "tool", "tool_call_id": "a", "content": "{\\"total\\": 1299.5, \\"street\\": \\"Gr\\\\u00fcner Weg\\"}"}]
            """;

    private final Grounding grounding = new Grounding();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"order_id\": \"KX-48213\", \"amount\": 45}           | none",
                "{\"order_id\": \"kx-48213\", \"amount\": 45.00}        | none",
                "{\"order_id\": \"KX-48231\", \"amount\": 45}           | text not in the prompt",
                "{\"order_id\": \"KX-4821\", \"amount\": 45}            | text not in the prompt",
                "{\"order_id\": \"KX-11111\"}                           | text not in the prompt",
                "{\"order_id\": \"KX-48213\", \"amount\": 46}           | number not in the prompt",
                "{\"amount\": 4.5e1}                                    | none",
                "{\"amount\": 1299.5}                                   | none",
                "{\"amount\": 1e+400}                                   | number not in the prompt",
                "{\"amount\": 7}                                        | none",
                "{\"order_id\": 7}                                      | number not in the prompt",
                "{\"sign\": \"yes\"}                                    | none",
                "{\"order_id\": \"yes\"}                                | text not in the prompt",
                "{\"unit\": \"box\"}                                    | none",
                "{\"unit\": \"crate\"}                                  | text not in the prompt",
                "{\"either\": \"left\"}                                 | none",
                "{\"rows\": [{\"unit\": \"crate\"}]}                    | none",
                "{\"rows\": [{\"unit\": \"crate\"}, {\"unit\": \"box\"}]} | text not in the prompt",
                "{\"pair\": [\"first\", \"second\"]}                    | none",
                "{\"pair\": [\"second\", \"first\"]}                    | text not in the prompt",
                "{\"self\": {\"self\": {\"unit\": \"box\"}}}            | none",
                "{\"self\": {\"self\": {\"unit\": \"bag\"}}}            | text not in the prompt",
                "{\"city\": \"München\"}                                | none",
                "{\"street\": \"Grüner Weg\"}                           | none",
                "{\"day\": \"the 12th of March\"}                       | none",
                "{\"due\": \"2027-03-12\"}                              | none",
                "{\"due\": \"2027-03-12T10:00:00Z\"}                    | none",
                "{\"due\": \"2027-03-12 or so\"}                        | text not in the prompt",
                "{\"urgent\": true, \"order_id\": null}                 | none",
                "{\"note\": \"one two three four five six\"}            | text not in the prompt",
                "{\"note\": \"one two three four five six seven\"}      | none",
                "{\"note\": \"\"}                                       | none",
                "{}                                                     | none",
            })
    void whatIsNeitherInThePromptNorInTheSchemaIsMadeUp(String arguments, String failure) {
        Reply reply = new Reply(null, List.of(new Reply.ToolCall("a", "refund", arguments)), "tool_calls", null);
        assertThat(failure(Kind.TOOL_CALL, call(SCHEMA, ""), reply)).isEqualTo(failure);
    }

    @Test
    void fieldsOfADocumentAreLookedAtToo() {
        Call call = call(
                "{}",
                ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":" + SCHEMA
                        + "}}");
        assertThat(failure(Kind.EXTRACT, call, text("{\"order_id\": \"KX-48213\", \"unit\": \"box\"}")))
                .isEqualTo("none");
        assertThat(failure(Kind.EXTRACT, call, text("{\"order_id\": \"KX-99999\"}")))
                .isEqualTo("text not in the prompt");
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"TOOL_CALL", "EXTRACT"},
            mode = EnumSource.Mode.EXCLUDE)
    void otherKindsOfErrandsMayFindTheirOwnWords(Kind kind) {
        Reply reply = new Reply(
                null, List.of(new Reply.ToolCall("a", "refund", "{\"order_id\": \"XX\"}")), "tool_calls", null);
        assertThat(look(kind, call(SCHEMA, ""), reply)).isEqualTo(Finding.skip("kind"));
    }

    @Test
    void aPlainTextHasNoValues() {
        assertThat(look(Kind.TOOL_CALL, call(SCHEMA, ""), text("Where do you live?")))
                .isEqualTo(Finding.skip("no values"));
    }

    private String failure(Kind kind, Call call, Reply reply) {
        Finding finding = look(kind, call, reply);
        return finding.isFailure() ? finding.detail() : "none";
    }

    /** The step alone: some of these fail their schema first. */
    private Finding look(Kind kind, Call call, Reply reply) {
        return grounding.look(new Inquiry(call, kind, Demands.NONE, reply, null, 1, 1));
    }

    private static Reply text(String content) {
        return new Reply(content, List.of(), "stop", null);
    }

    private static Call call(String parameters, String more) {
        String body = "{\"model\":\"m\",\"messages\":" + MESSAGES
                + ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"refund\",\"parameters\":" + parameters
                + "}}]"
                + more + "}";
        try {
            return CallReader.read(
                    UUID.randomUUID(), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new AssertionError(e);
        }
    }
}
