package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponsesCallTest {
    @Test
    void aTextIsOneMessageOfTheUserAndInstructionsStandBeforeIt() throws ApiFailure {
        Call call = read("{\"input\":\"hi\",\"model\":\"m\",\"instructions\":\"Be short.\"}");

        assertThat(call.api()).isEqualTo(Api.RESPONSES);
        assertThat(call.messages()).extracting(Message::role).containsExactly("system", "user");
        assertThat(call.messages()).extracting(Message::text).containsExactly("Be short.", "hi");
        assertThat(call.references()).isEqualTo(References.NONE);
        assertThat(Splice.forUpstream(call, null)).isSameAs(call.body());
    }

    @Test
    void itemsAreReadAsMessages() throws ApiFailure {
        Call call = read("{\"model\":\"m\",\"input\":["
                + "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"look\"},"
                + "{\"type\":\"input_image\",\"image_url\":\"data:,\"}]},"
                + "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"gAAA\"},"
                + "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"get\",\"arguments\":\"{}\"},"
                + "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"rain\"},"
                + "{\"type\":\"item_reference\",\"id\":\"msg_1\"},{\"id\":\"msg_2\"}]}");

        assertThat(call.messages())
                .extracting(Message::role)
                .containsExactly("user", "assistant", "assistant", "tool", "assistant", "assistant");
        assertThat(call.messages().getFirst().partKinds()).containsExactly("text", "image_url");
        assertThat(call.messages().get(2).toolNames()).containsExactly("get");
        assertThat(call.messages().get(2).callsHash()).isNotZero();
        assertThat(call.messages().get(3).isToolResult()).isTrue();
        assertThat(call.messages().get(3).toolCallIds()).containsExactly("c1");
        assertThat(call.messages().get(3).text()).isEqualTo("rain");
        assertThat(call.references())
                .isEqualTo(new References(null, null, List.of("msg_1", "msg_2"), List.of(), List.of("gAAA")));
    }

    @Test
    void toolsFormatLimitsAndChainAreReadInTheirFlatForm() throws ApiFailure {
        Call call = read("{\"model\":\"m\",\"input\":[],\"tools\":[{\"type\":\"function\",\"name\":\"get\","
                + "\"parameters\":{\"type\":\"object\"}},{\"type\":\"web_search\"}],"
                + "\"tool_choice\":{\"type\":\"function\",\"name\":\"get\"},"
                + "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"enum\":[1]}}},"
                + "\"max_output_tokens\":9,\"reasoning\":{\"effort\":\"high\"},\"store\":false,\"stream\":true,"
                + "\"stream_options\":{\"include_obfuscation\":false},"
                + "\"previous_response_id\":\"resp_1\",\"conversation\":{\"id\":\"conv_1\"}}");

        assertThat(call.tools()).extracting(Tool::name).containsExactly("get", "web_search");
        assertThat(call.tools().getFirst().schemaHash()).hasSize(64);
        assertThat(call.toolChoice()).isEqualTo(new ToolChoice.Named("get"));
        assertThat(call.responseFormat().type()).isEqualTo(ResponseFormat.Type.JSON_SCHEMA);
        assertThat(call.responseFormat().leavesClosed()).isTrue();
        assertThat(call.maxTokens()).isEqualTo(9);
        assertThat(call.reasoningEffort()).isEqualTo("high");
        assertThat(call.store()).isFalse();
        assertThat(call.references().previousResponse()).isEqualTo("resp_1");
        assertThat(call.references().conversation()).isEqualTo("conv_1");
        assertThat(new String(Splice.forUpstream(call, "other"), StandardCharsets.UTF_8))
                .startsWith("{\"model\":\"other\",\"input\":[]")
                .doesNotContain("include_usage");
    }

    @Test
    void anInputMayBeAbsentSinceAPromptMayStandForIt() throws ApiFailure {
        assertThat(read("{\"model\":\"m\",\"prompt\":{\"id\":\"pmpt_1\"}}").messages())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
        {"input":"hi"}                                    | missing_required_parameter | model
        {"model":"m","input":7}                           | invalid_type               | input
        {"model":"m","input":["hi"]}                      | invalid_type               | input[0]
        {"model":"m","text":"json"}                       | invalid_type               | text
        {"model":"m","text":{"format":"json"}}            | invalid_type               | text.format
        {"model":"m","previous_response_id":7}            | invalid_type               | previous_response_id
        {"model":"m","conversation":[]}                   | invalid_type               | conversation
        {"model":"m","max_output_tokens":"9"}             | invalid_type               | max_output_tokens
        {"model":"m","store":"no"}                        | invalid_type               | store
        {"model":"m","stream":1}                          | invalid_type               | stream
        {"model":"m","tool_choice":[]}                    | invalid_type               | tool_choice
        {"model":"m","input":"a","input":"b"}             | duplicate_key              | input
        {"model":"m","Input":"a"}                         | duplicate_key              | Input
        {"model":"m","input":[{"a":1,"\\u0061":2}]}       | duplicate_key              | a
        {"model":"m","base_url":"http://x"}               | unsupported_parameter      | base_url
        {"model":"m","extra_body":{"api_base":"http://x"}}| unsupported_parameter      | extra_body.api_base
        {"model":"m","tools":[{"type":"mcp","base_url":1}]}| unsupported_parameter     | tools[0].base_url
        """)
    void whatMayNotGoOnIsRefused(String body, String code, String param) {
        assertThatThrownBy(() -> read(body)).isInstanceOfSatisfying(ApiFailure.class, failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure.param()).isEqualTo(param);
        });
    }

    private static Call read(String json) throws ApiFailure {
        return CallReader.read(
                Api.RESPONSES, new UUID(0x7000L, 1), Instant.EPOCH, 0, json.getBytes(StandardCharsets.UTF_8), Map.of());
    }
}
