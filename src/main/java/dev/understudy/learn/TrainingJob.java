package dev.understudy.learn;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.slm.AdapterRefused;
import dev.understudy.slm.PeftImporter;
import dev.understudy.slm.PrepareThreads;
import dev.understudy.slm.SlmEngine;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * From rows to an adapter with a score: render, train in a child process, convert, ask held-out rows bare and trained, write the manifest.
 * One at a time in a data folder; blocking; an interrupt cancels it.
 */
public final class TrainingJob {

    private static final int EXAM_SLOTS = 4;
    private static final int LOSS_WINDOW = 10;

    private final Order order;
    private final SlmEngine engine;
    private final PrepareThreads threads;
    private final InstantSource clock;
    private final TrainingProgress progress;

    /**
     * What is to be done.
     *
     * @param name of the adapter, and of the task it learns
     * @param train rows to learn from
     * @param heldOut rows to be judged by, never learned from
     * @param base the GGUF that serves
     * @param template name of the chat template that overrides the GGUF's own, or empty
     * @param templateText its source, or empty
     * @param recipe how to train
     * @param licence of the adapter, SPDX
     * @param data the data folder
     */
    public record Order(
            String name,
            TrainingRows train,
            TrainingRows heldOut,
            Path base,
            String template,
            String templateText,
            Recipe recipe,
            String licence,
            Path data) {
        public Order {
            if (!name.matches("[a-z0-9][a-z0-9-]{0,62}")) {
                throw new IllegalArgumentException("name must be lower-case letters, digits and dashes, was " + name);
            }
        }

        /** Where the adapter and its manifest are put. */
        public Path folder() {
            return data.resolve("models").resolve("adapters").resolve(name);
        }
    }

    /**
     * What came out.
     *
     * @param folder with {@code adapter.gguf} and {@code manifest.json}
     * @param bare score of the base without the adapter
     * @param trained score with it
     */
    public record Trained(Path folder, Score bare, Score trained) {}

    /** A job on an open engine, which has the base of the order, its template, and at least four slots. */
    public TrainingJob(
            Order order, SlmEngine engine, PrepareThreads threads, InstantSource clock, TrainingProgress progress) {
        this.order = order;
        this.engine = engine;
        this.threads = threads;
        this.clock = clock;
        this.progress = progress;
    }

    /**
     * Runs the job.
     *
     * @throws TrainingRefused if rows, base or trainer cannot be used, or another job runs
     * @throws InterruptedException if it was cancelled; the child has ended
     */
    public Trained run() throws TrainingRefused, IOException, InterruptedException {
        if (order.train().size() < TrainingRows.LEAST) {
            throw new TrainingRefused("%s: %d rows, at least %d are needed"
                    .formatted(order.train().file(), order.train().size(), TrainingRows.LEAST));
        }
        Path work = Files.createDirectories(order.data().resolve("training"));
        try (FileChannel channel =
                        FileChannel.open(work.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                throw new TrainingRefused("another training runs on " + order.data() + ": wait for it, or end it");
            }
            return run(Files.createDirectories(work.resolve(order.name())));
        }
    }

    private Trained run(Path work) throws TrainingRefused, IOException, InterruptedException {
        progress.said("rendering " + order.train().size() + " rows by the engine's template");
        String endOfTurn = render(work.resolve("rows.jsonl"));
        TrainerHome home = TrainerHome.open(order.data().resolve("train-venv"), progress::said);
        Trainer.Run run = new Trainer(home).run(work, job(work, endOfTurn), progress);
        Path adapter = work.resolve("adapter.gguf");
        PeftImporter.Imported imported;
        try {
            imported = PeftImporter.convert(work.resolve("peft"), order.base(), adapter);
        } catch (AdapterRefused e) {
            throw new TrainingRefused("the trained adapter cannot be imported: " + e.getMessage());
        }
        HeldOutExam exam = new HeldOutExam(engine, threads, EXAM_SLOTS);
        progress.said("asking " + order.heldOut().size() + " held-out rows of the bare model, then of the trained one");
        Score bare = exam.take(order.heldOut().rows(), 0);
        progress.said(line("bare", bare));
        int loaded = engine.loadAdapter(adapter);
        Score trained = exam.take(order.heldOut().rows(), loaded);
        engine.unloadAdapter(loaded);
        progress.said(line("trained", trained));
        return new Trained(put(adapter, manifest(adapter, imported, run, bare, trained)), bare, trained);
    }

    private String render(Path file) throws TrainingRefused, IOException {
        RowRenderer renderer = new RowRenderer(engine, threads);
        String endOfTurn = "";
        int number = 0;
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (TrainingRow row : order.train().rows()) {
                number++;
                try {
                    RowRenderer.Rendered rendered = renderer.render(row);
                    endOfTurn = rendered.endOfTurn();
                    out.write(rendered.json().toString());
                    out.write('\n');
                } catch (TrainingRefused e) {
                    throw new TrainingRefused(order.train().file() + ":" + number + ": " + e.getMessage());
                }
            }
        }
        return endOfTurn;
    }

    private ObjectNode job(Path work, String endOfTurn) {
        return order.recipe()
                .json()
                .put("endOfTurn", endOfTurn)
                .put("base", order.base().toAbsolutePath().toString())
                .put("rows", work.resolve("rows.jsonl").toAbsolutePath().toString())
                .put("out", work.resolve("peft").toAbsolutePath().toString());
    }

    private ObjectNode manifest(
            Path adapter, PeftImporter.Imported imported, Trainer.Run run, Score bare, Score trained)
            throws IOException {
        ObjectNode manifest = JsonNodeFactory.instance
                .objectNode()
                .put("name", order.name())
                .put("licence", order.licence())
                .put("made", clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        manifest.putObject("adapter")
                .put("file", "adapter.gguf")
                .put("sha256", Digests.sha256(adapter))
                .put("bytes", Files.size(adapter))
                .put("tensors", imported.tensors());
        manifest.putObject("base")
                .put("file", String.valueOf(order.base().getFileName()))
                .put("sha256", Digests.sha256(order.base()));
        manifest.putObject("template")
                .put("name", order.template())
                .put("sha256", Digests.sha256(order.templateText()));
        ObjectNode dataset = manifest.putObject("dataset");
        dataset.set("train", rows(order.train()));
        dataset.set("heldOut", rows(order.heldOut()));
        manifest.set("recipe", order.recipe().json());
        List<Double> losses = run.losses();
        manifest.putObject("training")
                .put("torch", run.torch())
                .put("device", run.device())
                .put("precision", run.precision())
                .put("steps", losses.size())
                .put("seconds", run.seconds())
                .put("firstLoss", losses.getFirst())
                .put("lastLoss", mean(losses.subList(Math.max(0, losses.size() - LOSS_WINDOW), losses.size())));
        ObjectNode scores = manifest.putObject("scores");
        scores.set("bare", bare.json());
        scores.set("trained", trained.json());
        AdapterSite.of(order.name(), order.train().rows()).ifPresent(site -> manifest.set("site", site.json()));
        return manifest;
    }

    private static ObjectNode rows(TrainingRows rows) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("rows", rows.size())
                .put("sha256", rows.sha256())
                .put("verified", "none");
    }

    private Path put(Path adapter, ObjectNode manifest) throws IOException {
        Path folder = Files.createDirectories(order.folder());
        Files.move(adapter, folder.resolve("adapter.gguf"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("manifest.json"), manifest.toPrettyString() + "\n");
        return folder;
    }

    private static double mean(List<Double> numbers) {
        return numbers.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    private static String line(String who, Score score) {
        return "%s: %d of %d right in name and every argument (%.1f %%), right tool %.1f %%, unreadable %d"
                .formatted(
                        who, score.right(), score.rows(), score.percentRight(), score.percentNamed(), score.unparsed());
    }
}
