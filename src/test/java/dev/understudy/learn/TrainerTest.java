package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The talk with the child process, with a shell in the place of Python. */
class TrainerTest {

    private static final ObjectNode JOB = JsonNodeFactory.instance.objectNode().put("seed", 7);

    @TempDir
    Path folder;

    private final List<String> told = new ArrayList<>();

    private final TrainingProgress progress = new TrainingProgress() {
        @Override
        public void said(String line) {
            told.add(line);
        }

        @Override
        public void stepped(int step, int steps, double loss, double seconds) {
            told.add(step + "/" + steps);
        }
    };

    @Test
    void the_steps_of_a_job_are_told_and_kept() throws Exception {
        Trainer trainer = saying("""
                echo '{"event": "loading", "device": "cpu", "precision": "float32", "torch": "2"}'
                echo '{"event": "step", "step": 1, "steps": 2, "loss": 0.5, "seconds": 1}'
                echo '{"event": "step", "step": 2, "steps": 2, "loss": 0.25, "seconds": 2}'
                echo '{"event": "done", "seconds": 3.5}'
                """);

        Trainer.Run run = trainer.run(folder, JOB, progress);

        assertThat(run).isEqualTo(new Trainer.Run("cpu", "float32", "2", List.of(0.5, 0.25), 3.5));
        assertThat(told).containsExactly("training on cpu in float32", "1/2", "2/2");
        assertThat(folder.resolve("job.json")).content().contains("\"seed\" : 7");
    }

    @Test
    void a_refusal_of_the_trainer_is_passed_on() throws Exception {
        Trainer trainer = saying("echo '{\"event\": \"refused\", \"message\": \"rows:3: no\"}'; exit 2");
        assertThatThrownBy(() -> trainer.run(folder, JOB, progress))
                .isInstanceOf(TrainingRefused.class)
                .hasMessage("rows:3: no");
    }

    @Test
    void a_trainer_that_dies_is_named_with_its_last_words() throws Exception {
        Trainer trainer = saying("echo 'out of memory' >&2; exit 9");
        assertThatThrownBy(() -> trainer.run(folder, JOB, progress))
                .isInstanceOf(TrainingRefused.class)
                .hasMessageContaining("status 9")
                .hasMessageContaining("out of memory");
    }

    @Test
    void an_interrupt_ends_the_child() throws Exception {
        Trainer trainer = saying("""
                echo $$ > "$(dirname "$3")/pid"
                while read line; do :; done
                """);
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                trainer.run(folder, JOB, progress);
                end.complete(new AssertionError("it ended by itself"));
            } catch (Exception e) {
                end.complete(e);
            }
        });
        Path pid = folder.resolve("pid");
        Awaitility.await()
                .until(() -> Files.exists(pid) && !Files.readString(pid).isBlank());

        thread.interrupt();

        assertThat(end.get()).isInstanceOf(InterruptedException.class);
        long child = Long.parseLong(Files.readString(pid).strip());
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() ->
                        ProcessHandle.of(child).map(handle -> !handle.isAlive()).orElse(true));
    }

    private Trainer saying(String script) throws Exception {
        Path python = folder.resolve("python");
        Files.writeString(python, "#!/bin/sh\n" + script);
        assertThat(python.toFile().setExecutable(true)).isTrue();
        return new Trainer(new TrainerHome(python, folder));
    }
}
