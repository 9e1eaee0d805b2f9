package dev.understudy.learn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The child process that trains. It reads a job file, tells its progress as JSON lines on standard output, and ends when its standard
 * input closes, so that it never outlives this process.
 */
final class Trainer {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EXIT_REFUSED = 2;
    private static final long PATIENCE_SECONDS = 10;

    private final TrainerHome home;

    Trainer(TrainerHome home) {
        this.home = home;
    }

    /**
     * How a run went.
     *
     * @param device where it ran, {@code cpu} or {@code cuda}
     * @param precision of the base's numbers while it trained
     * @param torch version of the trainer
     * @param losses of all steps
     * @param seconds from start to saved adapter
     */
    record Run(String device, String precision, String torch, List<Double> losses, double seconds) {}

    /**
     * Runs a job to its end. An interrupt ends the child.
     *
     * @param folder of the job; the job file and the child's log are written there
     * @param job what {@code __main__.py} reads
     * @throws TrainingRefused if the trainer refuses the rows or fails; the message says why
     */
    Run run(Path folder, ObjectNode job, TrainingProgress progress)
            throws TrainingRefused, IOException, InterruptedException {
        Path file = folder.resolve("job.json");
        Path log = folder.resolve("trainer.log");
        Files.writeString(file, job.toPrettyString());
        // behind everything else: the gateway may be serving on the same cores
        ProcessBuilder builder = new ProcessBuilder(
                "nice", "-n", "10", home.python().toString(), "-m", "understudy_train", file.toString());
        builder.redirectError(log.toFile());
        builder.environment().put("PYTHONPATH", home.sources().toString());
        // nothing is fetched while training, and a barrier that sleeps leaves the cores to the gateway
        builder.environment().put("HF_HUB_OFFLINE", "1");
        builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
        Process process = builder.start();
        Events events = new Events(progress);
        BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
        // a read cannot be interrupted, a queue can
        Thread.ofVirtual().start(() -> listen(process, lines));
        try {
            for (Optional<String> line = lines.take(); line.isPresent(); line = lines.take()) {
                events.take(line.get());
            }
            int status = process.waitFor();
            if (events.refusal != null || status == EXIT_REFUSED) {
                throw new TrainingRefused(String.valueOf(events.refusal));
            }
            if (status != 0) {
                throw new TrainingRefused(
                        "the trainer ended with status " + status + ": " + lastLine(log) + " (all of it: " + log + ")");
            }
        } finally {
            end(process);
        }
        return events.run();
    }

    /** Passes on what the child says; the empty one is the last. */
    private static void listen(Process process, BlockingQueue<Optional<String>> lines) {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (IOException e) {
            // the child was ended while it spoke; its exit status tells the rest
        } finally {
            lines.add(Optional.empty());
        }
    }

    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }

    private static String lastLine(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return lines.isEmpty() ? "it said nothing" : lines.getLast();
    }

    private static final class Events {
        private final TrainingProgress progress;
        private final List<Double> losses = new ArrayList<>();
        private @Nullable String refusal;
        private String device = "";
        private String precision = "";
        private String torch = "";
        private double seconds;

        Events(TrainingProgress progress) {
            this.progress = progress;
        }

        void take(String line) throws TrainingRefused {
            JsonNode event;
            try {
                event = JSON.readTree(line);
            } catch (JsonProcessingException e) {
                throw new TrainingRefused("the trainer wrote a line that is no event");
            }
            switch (event.path("event").asText()) {
                case "loading" -> {
                    device = event.path("device").asText();
                    precision = event.path("precision").asText();
                    torch = event.path("torch").asText();
                    progress.said("training on " + device + " in " + precision);
                }
                case "step" -> {
                    double loss = event.path("loss").asDouble();
                    losses.add(loss);
                    progress.stepped(
                            event.path("step").asInt(),
                            event.path("steps").asInt(),
                            loss,
                            event.path("seconds").asDouble());
                }
                case "refused" -> refusal = event.path("message").asText();
                case "done" -> seconds = event.path("seconds").asDouble();
                default -> progress.said(line);
            }
        }

        Run run() throws TrainingRefused {
            if (losses.isEmpty()) {
                throw new TrainingRefused("the trainer ended without a single step");
            }
            return new Run(device, precision, torch, List.copyOf(losses), seconds);
        }
    }
}
