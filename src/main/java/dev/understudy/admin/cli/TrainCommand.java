package dev.understudy.admin.cli;

import dev.understudy.demo.DemoErrand;
import dev.understudy.demo.DemoRows;
import dev.understudy.demo.Split;
import dev.understudy.learn.Recipe;
import dev.understudy.learn.TrainingJob;
import dev.understudy.learn.TrainingProgress;
import dev.understudy.learn.TrainingRefused;
import dev.understudy.learn.TrainingRows;
import dev.understudy.model.ModelCard;
import dev.understudy.policy.PolicyLoader;
import dev.understudy.policy.PolicySet;
import dev.understudy.slm.ChatTemplates;
import dev.understudy.slm.ModelSource;
import dev.understudy.slm.NativeLibrary;
import dev.understudy.slm.PrepareThreads;
import dev.understudy.slm.SlmEngine;
import dev.understudy.slm.SlmException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code train}: an adapter for the small model from rows in a file, and its score beside that of the bare model. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = {
            "Trains a LoRA adapter on rows in a file, imports it, and asks held-out rows of the bare and of the trained model.",
            "Needs no running gateway. The first run installs the trainer's Python packages (about 7 GB).",
            "The adapter and its manifest go to models/adapters/NAME in the data folder."
        })
final class TrainCommand implements Callable<Integer> {

    private static final int DEMO_ROWS = 1000;
    private static final int DEMO_HELD_OUT = 200;
    private static final int KEPT_OUT_ONE_IN = 10;
    private static final int SLOTS = 4;
    private static final int CONTEXT = 8192;

    private final CliSettings settings;
    private final InstantSource clock;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Option(
            names = "--dataset",
            required = true,
            description =
                    "demo-tools, whose rows are generated; or a file of rows: prompt, completion, tools, a JSON object a line")
    @SuppressWarnings("NullAway.Init") // required
    private String dataset;

    @Option(
            names = "--held-out",
            paramLabel = "FILE",
            description = "rows to judge by, never trained on (default: the last tenth of the dataset)")
    private @Nullable Path heldOut;

    @Option(
            names = "--base",
            defaultValue = "starter",
            description = "a small model of the policies (${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String base;

    @Option(
            names = "--targets",
            defaultValue = "qv",
            description = "qv: query and value, small and quick; all: all seven projections (${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String targets;

    @Option(names = "--name", description = "of the adapter and its task (default: that of the dataset)")
    private @Nullable String name;

    @Option(
            names = "--seed",
            defaultValue = "7",
            description = "of weights, order and generated rows (${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--device",
            defaultValue = "auto",
            description = "auto, cpu or cuda, for the trainer (${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String device;

    @Option(names = "--licence", defaultValue = "Apache-2.0", description = "of the adapter, SPDX (${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init") // has a default
    private String licence;

    TrainCommand(CliSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        try {
            ModelCard.Place.Weights place = weights();
            Rows rows = rows();
            ModelSource.Found found = new ModelSource(folders()).resolve(place.source());
            String template = place.chatTemplate() == null ? "" : place.chatTemplate();
            String templateText = template.isEmpty() ? "" : ChatTemplates.source(template);
            int cores = Runtime.getRuntime().availableProcessors();
            Recipe recipe = Recipe.usual(targets(), rows.train().size(), seed, device, cores);
            var order = new TrainingJob.Order(
                    adapterName(),
                    rows.train(),
                    rows.heldOut(),
                    found.file(),
                    template,
                    templateText,
                    recipe,
                    licence,
                    settings.data());
            report(train(order));
            return 0;
        } catch (TrainingRefused | ModelSource.Missing | SlmException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("wrong option: " + e.getMessage());
        } catch (IOException e) {
            throw new CommandFailure("a file cannot be read or written: " + e.getMessage());
        }
    }

    private TrainingJob.Trained train(TrainingJob.Order order)
            throws TrainingRefused, IOException, InterruptedException {
        NativeLibrary library = NativeLibrary.load(List.of(settings.library().orElse(Path.of("target", "native"))));
        try (PrepareThreads threads = new PrepareThreads()) {
            var config = new SlmEngine.Config(
                    "train",
                    order.base(),
                    order.templateText().isEmpty() ? null : order.templateText(),
                    CONTEXT,
                    SLOTS,
                    SlmEngine.Config.usualThreads(Runtime.getRuntime().availableProcessors()));
            try (SlmEngine engine = threads.call(() -> SlmEngine.open(library, config))) {
                return new TrainingJob(order, engine, threads, clock, new Shown(out())).run();
            }
        }
    }

    /** The rows to train on, and those to judge by. */
    private record Rows(TrainingRows train, TrainingRows heldOut) {}

    private Rows rows() throws TrainingRefused, IOException {
        if (dataset.equals(DemoErrand.TOOLS.wire())) {
            Path folder =
                    Files.createDirectories(settings.data().resolve("training").resolve(dataset));
            Path train = folder.resolve("train.jsonl");
            Path judge = folder.resolve("held-out.jsonl");
            DemoRows.write(train, DEMO_ROWS, seed, Split.TRAIN);
            DemoRows.write(judge, DEMO_HELD_OUT, seed, Split.HELD_OUT);
            return new Rows(TrainingRows.read(train), TrainingRows.read(judge));
        }
        TrainingRows all = TrainingRows.read(Path.of(dataset));
        if (heldOut != null) {
            return new Rows(all, TrainingRows.read(heldOut));
        }
        int kept = all.size() - all.size() / KEPT_OUT_ONE_IN;
        return new Rows(all.part(0, kept), all.part(kept, all.size()));
    }

    private ModelCard.Place.Weights weights() throws CommandFailure {
        PolicyLoader.Loaded loaded = PolicyLoader.ofProcess().load(settings.policies());
        PolicySet set = loaded.set();
        if (set == null) {
            throw new CommandFailure("the policies have " + loaded.count() + ": see ./understudy policy validate");
        }
        Optional<ModelCard> card = set.catalogue().card(base);
        if (card.isPresent() && card.get().place() instanceof ModelCard.Place.Weights weights) {
            return weights;
        }
        throw new CommandFailure(
                "--base " + base + ": the policies name no small model of that name with weights of its own");
    }

    private List<Path> folders() {
        List<Path> folders = new ArrayList<>(List.of(settings.data().resolve("models")));
        settings.cache().ifPresent(cache -> folders.add(cache.resolve("models")));
        return folders;
    }

    private Recipe.Targets targets() throws CommandFailure {
        return switch (targets) {
            case "qv" -> Recipe.Targets.QV;
            case "all" -> Recipe.Targets.ALL;
            default -> throw new CommandFailure("--targets must be qv or all, was " + targets);
        };
    }

    private String adapterName() {
        if (name != null) {
            return name;
        }
        String file = String.valueOf(Path.of(dataset).getFileName());
        int dot = file.indexOf('.');
        return (dot < 0 ? file : file.substring(0, dot)).toLowerCase(Locale.ROOT);
    }

    private void report(TrainingJob.Trained trained) {
        PrintWriter out = out();
        out.printf(Locale.ROOT, "%-8s %6s %12s %24s%n", "", "rows", "right tool", "every argument right");
        out.printf(
                Locale.ROOT,
                "%-8s %6d %10.1f %% %22.1f %%%n",
                "bare",
                trained.bare().rows(),
                trained.bare().percentNamed(),
                trained.bare().percentRight());
        out.printf(
                Locale.ROOT,
                "%-8s %6d %10.1f %% %22.1f %%%n",
                "trained",
                trained.trained().rows(),
                trained.trained().percentNamed(),
                trained.trained().percentRight());
        out.println("adapter: " + trained.folder());
        out.flush();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Progress as lines: each that is said, and every tenth step. */
    private record Shown(PrintWriter out) implements TrainingProgress {
        private static final int EVERY = 10;

        @Override
        public void said(String line) {
            out.println(line);
            out.flush();
        }

        @Override
        public void stepped(int step, int steps, double loss, double seconds) {
            if (step % EVERY == 0 || step == steps) {
                out.printf(Locale.ROOT, "step %d of %d, loss %.4f, %.0f s%n", step, steps, loss, seconds);
                out.flush();
            }
        }
    }
}
