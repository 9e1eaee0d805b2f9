package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.demo.DemoRows;
import dev.understudy.demo.Split;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRowsTest {

    private static final String GOOD = """
            {"prompt": [{"role": "user", "content": "hi"}], "completion": [{"role": "assistant", "content": "ho"}]}
            """;

    @TempDir
    Path folder;

    @Test
    void rows_of_the_demo_are_read_with_their_call() throws Exception {
        Path file = folder.resolve("rows.jsonl");
        DemoRows.write(file, 20, 7, Split.TRAIN);

        TrainingRows rows = TrainingRows.read(file);

        assertThat(rows.size()).isEqualTo(20);
        assertThat(rows.sha256()).hasSize(64);
        var call = rows.rows().getFirst().call();
        assertThat(call.path("model").asText()).isEqualTo("demo-x");
        assertThat(call.path("tool_choice").asText()).isEqualTo("required");
        assertThat(call.path("tools")).hasSize(5);
        assertThat(call.path("messages")).hasSize(2);
    }

    @Test
    void the_same_seed_writes_the_same_bytes() throws Exception {
        DemoRows.write(folder.resolve("one"), 30, 7, Split.HELD_OUT);
        DemoRows.write(folder.resolve("two"), 30, 7, Split.HELD_OUT);
        assertThat(folder.resolve("one")).hasSameBinaryContentAs(folder.resolve("two"));
    }

    @Test
    void arguments_go_to_the_engine_as_a_string_with_an_id() throws Exception {
        Path file = folder.resolve("rows.jsonl");
        DemoRows.write(file, 1, 7, Split.TRAIN);
        TrainingRow row = TrainingRows.read(file).rows().getFirst();

        var messages = row.answered(row.answer(), "next").path("messages");

        assertThat(messages).hasSize(4);
        assertThat(messages.at("/2/tool_calls/0/id").asText()).isEqualTo("call_0");
        assertThat(messages.at("/2/tool_calls/0/function/arguments").isTextual())
                .isTrue();
        assertThat(row.answer().at("/tool_calls/0/function/arguments").isObject())
                .isTrue();
    }

    @Test
    void a_bad_line_is_refused_by_file_and_number() throws Exception {
        refuses("{\"prompt\": [", ":2: no JSON");
        refuses("[]", ":2: a row must be a JSON object");
        refuses("{\"completion\": []}", ":2: prompt must be an array");
        refuses(GOOD.replace("assistant", "user"), ":2: completion must be one message with role assistant");
        refuses(GOOD.replace("\"ho\"", "\"\""), ":2: the completion has neither content nor tool_calls");
        refuses(GOOD.replace("\"role\": \"user\", ", ""), ":2: every message of prompt needs a role");
        refuses(
                GOOD.replace(
                        "\"content\": \"ho\"",
                        "\"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": \"{}\"}}]"),
                ":2: function.arguments must be an object");
        refuses(GOOD.replace("{\"prompt\"", "{\"prompt\": 1, \"prompt\""), ":2: no JSON: Duplicate field");
    }

    @Test
    void a_missing_file_is_refused_by_name() {
        assertThatThrownBy(() -> TrainingRows.read(folder.resolve("nowhere.jsonl")))
                .isInstanceOf(TrainingRefused.class)
                .hasMessageContaining("nowhere.jsonl");
    }

    private void refuses(String line, String reason) throws Exception {
        Path file = folder.resolve("bad.jsonl");
        Files.writeString(file, GOOD + line.strip() + "\n");
        assertThatThrownBy(() -> TrainingRows.read(file))
                .isInstanceOf(TrainingRefused.class)
                .hasMessageContaining("bad.jsonl" + reason);
    }
}
