package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Call;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is chosen and who reads the request agree on what a small model can do. */
class HonouredFieldsTest {
    private static final Map<String, String> VALUES = Map.ofEntries(
            Map.entry("temperature", "0.5"),
            Map.entry("top_p", "0.9"),
            Map.entry("min_p", "0.1"),
            Map.entry("top_k", "40"),
            Map.entry("repeat_penalty", "1.1"),
            Map.entry("frequency_penalty", "0.1"),
            Map.entry("presence_penalty", "0.1"),
            Map.entry("seed", "7"),
            Map.entry("stop", "[\"x\"]"),
            Map.entry("stream", "true"),
            Map.entry("stream_options", "{\"include_usage\":true}"),
            Map.entry("tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]"),
            Map.entry("tool_choice", "\"auto\""),
            Map.entry("parallel_tool_calls", "false"),
            Map.entry("response_format", "{\"type\":\"text\"}"),
            Map.entry("max_tokens", "9"),
            Map.entry("max_completion_tokens", "9"),
            Map.entry("n", "1"),
            Map.entry("user", "\"u\""),
            Map.entry("safety_identifier", "\"u\""),
            Map.entry("metadata", "{\"a\":\"b\"}"),
            Map.entry("store", "false"),
            Map.entry("prompt_cache_key", "\"k\""),
            Map.entry("prompt_cache_retention", "\"24h\""),
            Map.entry("service_tier", "\"auto\""));

    @Test
    void everyHonouredFieldIsRead() throws ApiFailure {
        Set<String> fields = new TreeSet<>(VALUES.keySet());
        fields.add("model");
        fields.add("messages");
        assertThat(HonouredFields.all()).isEqualTo(fields);
        for (Map.Entry<String, String> field : VALUES.entrySet()) {
            assertThat(read(field.getKey(), field.getValue()).scale())
                    .as(field.getKey())
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reasoning_effort", "verbosity", "prediction", "grammar", "web_search_options", "audio"})
    void whatIsNotHonouredIsRefusedByName(String field) {
        assertThat(HonouredFields.has(field)).isFalse();
        assertThatThrownBy(() -> read(field, "\"x\""))
                .isInstanceOf(SlmException.class)
                .hasMessageStartingWith(field + ":");
    }

    private static SlmRequest read(String field, String value) throws ApiFailure {
        String tools = field.startsWith("tool_") || field.startsWith("parallel")
                ? ",\"tools\":" + VALUES.get("tools")
                : field.equals("stream_options") ? ",\"stream\":true" : "";
        String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + tools + ",\"" + field
                + "\":" + value + "}";
        Call call = CallReader.read(new UUID(0, 0), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        return ChatParameters.read(call, "local", 0, 1, Duration.ofSeconds(1), Duration.ofSeconds(1));
    }
}
