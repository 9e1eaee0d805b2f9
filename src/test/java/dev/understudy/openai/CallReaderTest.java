package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CallReaderTest {
    static List<String> cases() {
        return Golden.cases("request", ".json");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachRequestIsReadAsItsGoldenFileSays(String name) {
        String read;
        try {
            read = outline(Calls.of(Golden.bytes("request", name + ".json"), Map.of()));
        } catch (ApiFailure e) {
            read = e.status() + " " + e.code() + " " + e.param() + "\n" + e.message();
        }

        assertThat(read).isEqualTo(Golden.text("request", name + ".out").strip());
    }

    @Test
    void anUploadedFileIsSomethingThatOneUpstreamHolds() throws ApiFailure {
        Call call = Calls.of("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":["
                + "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_id\":\"file-1\"}},"
                + "{\"type\":\"file\",\"file\":{\"file_data\":\"data:,\"}},{\"type\":\"text\",\"text\":\"hi\"}]}]}");

        assertThat(call.references().files()).containsExactly("file-1");
        assertThat(call.messages().getFirst().partKinds()).containsExactly("file", "file", "text");
    }

    @Test
    void spansCoverTheBytesThatWereJudged() throws ApiFailure {
        Call call = Calls.of(Golden.bytes("request", "everything.json"), Map.of());

        assertThat(text(call, call.modelSpan())).isEqualTo("\"gpt-4o\"");
        assertThat(text(call, call.streamOptions())).isEqualTo("{\"include_usage\":true}");
        assertThat(text(call, call.tools().getFirst().parameters()))
                .isEqualTo("{\"type\":\"object\",\"properties\":{}}");
        assertThat(text(call, call.messages().get(3).span()))
                .isEqualTo("{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"r\",\"is_error\":true}");
    }

    @Test
    void whatElseWasSaidIsKept() throws ApiFailure {
        Call call = Calls.of(Golden.bytes("request", "everything.json"), Map.of());

        assertThat(call.parallelToolCalls()).isFalse();
        assertThat(call.store()).isFalse();
        assertThat(call.reasoningEffort()).isEqualTo("high");
        assertThat(call.user()).isEqualTo("s");
        assertThat(call.promptCacheKey()).isEqualTo("p");
        assertThat(call.metadata()).isEqualTo(Map.of("session_id", "s1"));
        assertThat(call.parameters()).contains("made_up", "seed", "temperature").hasSize(20);
    }

    @Test
    void aSchemaHasOneHashInAllItsSpellings() throws ApiFailure {
        String one = schemaHash(
                "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"enum\":[1,\"\\u0041\"]}}}");
        String two = schemaHash(
                "{ \"properties\":{\"a\":{\"enum\":[1, \"A\"]},\n\"b\":{\"type\":\"string\"}},\"type\":\"object\"}");
        String other = schemaHash(
                "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"enum\":[\"A\",1]}}}");

        assertThat(one).isEqualTo(two).hasSize(64).isNotEqualTo(other);
    }

    @Test
    void anObjectOf100001KeysIsOverTheLimit() {
        StringBuilder keys = new StringBuilder("{\"x\":{\"k\":0");
        for (int i = 0; i < 100_000; i++) {
            keys.append(",\"").append(i).append("\":0");
        }

        assertThatThrownBy(() -> Calls.of(keys + "}}"))
                .isInstanceOfSatisfying(
                        ApiFailure.class, e -> assertThat(e.error()).isEqualTo(ApiError.JSON_LIMIT_EXCEEDED));
    }

    @Test
    void headersOfNoInterestAreNotKept() throws ApiFailure {
        Call call = Calls.of(
                Golden.bytes("request", "plain.json"),
                Map.of("authorization", "Bearer x", "x-session-id", "s", "x-understudy-tier", "LLM"));

        assertThat(call.headers()).containsOnlyKeys("x-session-id", "x-understudy-tier");
        assertThat(call.tierForced()).isTrue();
    }

    @Test
    void aHeaderThatSendsTheCallElsewhereIsRefused() {
        byte[] body = Golden.bytes("request", "plain.json");
        for (String name : List.of("api-base", "x-base-url", "x-custom-host", "user_config", "X-Api-Base")) {
            assertThatThrownBy(() -> Calls.of(body, Map.of(name, "http://x")))
                    .isInstanceOfSatisfying(
                            ApiFailure.class, e -> assertThat(e.error()).isEqualTo(ApiError.UNSUPPORTED_PARAMETER));
        }
    }

    @Test
    void aTierThatCannotBeForcedIsRefused() {
        byte[] body = Golden.bytes("request", "plain.json");

        assertThatThrownBy(() -> Calls.of(body, Map.of("x-understudy-tier", "slm")))
                .hasMessageContaining("may only be 'llm'");
    }

    private static String schemaHash(String schema) throws ApiFailure {
        return Calls.of(
                        "{\"model\":\"m\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
                                + schema + "}}],\"messages\":[{}]}")
                .tools()
                .getFirst()
                .schemaHash();
    }

    private static String text(Call call, @Nullable Span span) {
        Span known = Objects.requireNonNull(span);
        return new String(call.body(), known.start(), known.length(), StandardCharsets.UTF_8);
    }

    private static String outline(Call call) {
        StringBuilder lines = new StringBuilder("ok model=" + call.model() + " stream=" + call.stream() + " usage="
                + call.includeUsage() + " tools="
                + call.tools().stream().map(CallReaderTest::tool).toList() + " choice="
                + call.toolChoice().wire() + " format="
                + call.responseFormat().type().wire()
                + (call.responseFormat().leavesClosed() ? " closed" : "") + " max=" + call.maxTokens() + " n="
                + call.n());
        for (Message message : call.messages()) {
            StringBuilder text = new StringBuilder();
            for (char c : message.text().toCharArray()) {
                boolean plain = c >= ' ' && !Character.isSurrogate(c);
                text.append(c == '\n' ? "\\n" : plain ? String.valueOf(c) : String.format("\\u%04x", (int) c));
            }
            lines.append('\n')
                    .append(message.role())
                    .append(message.partKinds().stream().collect(Collectors.joining(",", "[", "]")))
                    .append(" \"")
                    .append(text)
                    .append('"');
            if (!message.toolCallIds().isEmpty() || !message.toolNames().isEmpty()) {
                lines.append(" calls=")
                        .append(message.toolCallIds())
                        .append(' ')
                        .append(message.toolNames());
            }
            lines.append(message.error() ? " error" : "");
        }
        return lines.toString();
    }

    private static String tool(Tool tool) {
        return tool.name() + ":" + tool.type();
    }
}
