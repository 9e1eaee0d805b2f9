package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.slm.Starter.Opened;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Prompts byte by byte. {@code golden/slm/templates/prompts.jsonl} was rendered by Python's jinja2 with the settings of
 * Hugging Face; templates that are not in it are read from llama.cpp's source, which the native library was built from.
 * {@code gemma-3-turns} stands in for Gemma 3's own template, whose licence keeps it out of here.
 */
class TemplatePromptsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private static String source(String template) throws IOException {
        if (template.equals("chatml-tools")) {
            return ChatTemplates.source(template);
        }
        try (InputStream in =
                TemplatePromptsTest.class.getResourceAsStream("/golden/slm/templates/" + template + ".jinja")) {
            return in != null
                    ? new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(System.getProperty("understudy.cache", ".cache"))
                            .resolve("llama/llama.cpp/models/templates/" + template + ".jinja"));
        }
    }

    private static List<JsonNode> expected(String template) throws IOException {
        List<JsonNode> all = new ArrayList<>();
        try (InputStream in = TemplatePromptsTest.class.getResourceAsStream("/golden/slm/templates/prompts.jsonl")) {
            for (String line : new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                JsonNode one = JSON.readTree(line);
                if (one.path("template").asText().equals(template)) {
                    all.add(one);
                }
            }
        }
        assertThat(all).hasSize(12);
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatml-tools", "Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "gemma-3-turns"})
    void promptsAreThoseOfTheReferenceAndWhatATemplateCannotDoIsRefused(String template) throws IOException {
        try (Opened tiny = TinyModel.open(folder, source(template), 1)) {
            for (JsonNode one : expected(template)) {
                String body = one.path("body").toString();
                if (one.path("unsupported").asBoolean()) {
                    assertUnsupported(tiny, body, "");
                    continue;
                }
                try (SlmPlan plan = tiny.plan(body)) {
                    assertThat(plan.prompt())
                            .as(one.path("name").asText())
                            .isEqualTo(one.path("prompt").asText());
                }
            }
        }
    }

    @Test
    void whatWouldNotBeShownToTheModelIsRefused() throws IOException {
        try (Opened tiny = TinyModel.open(folder, ChatTemplates.source("chatml-tools"), 1)) {
            String user = "{\"role\":\"user\",\"content\":\"Hi\"}";
            for (String message : List.of(
                    "{\"role\":\"user\",\"name\":\"anna\",\"content\":\"Hi\"}",
                    "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"No.\"}",
                    "{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}",
                    "{\"role\":\"assistant\",\"content\":null,\"audio\":{\"id\":\"a\"}}",
                    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"custom\",\"custom\":{}}]}",
                    "{\"role\":\"function\",\"name\":\"f\",\"content\":\"x\"}")) {
                assertUnsupported(tiny, "{\"messages\":[" + user + "," + message + "," + user + "]}", "messages");
            }
            String dumped = "{\"role\":\"assistant\",\"content\":\"Hello!\",\"refusal\":null,\"audio\":null,"
                    + "\"function_call\":null,\"tool_calls\":null,\"annotations\":[]}";
            tiny.plan("{\"messages\":[" + user + "," + dumped + "," + user + "]}")
                    .close();
        }
        String forgetful =
                "{%- for m in messages %}{%- if m.role != 'system' or loop.first %}{{ m.role + ': ' + m.content + '\n' }}"
                        + "{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{ 'assistant: ' }}{%- endif %}";
        try (Opened tiny = TinyModel.open(folder, forgetful, 1)) {
            assertUnsupported(
                    tiny,
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"system\",\"content\":\"In French.\"}]}",
                    "leaves out");
        }
    }

    private static void assertUnsupported(Opened tiny, String body, String word) {
        assertThatThrownBy(() -> tiny.plan(body).close())
                .as(body)
                .isInstanceOfSatisfying(
                        SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.UNSUPPORTED))
                .hasMessageContaining(word);
    }
}
