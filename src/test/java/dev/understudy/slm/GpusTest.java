package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where engines are opened, with two GPUs that are the CPU in disguise: the first too small for the starter model, the
 * second large enough for one of a small context. What runs on them is evaluated for real.
 */
class GpusTest {
    private static final NativeLibrary LIBRARY = NativeLibrary.load(Starter.libraryFolders());
    private static final Path LIBRARIES = Starter.libraryFolders().getFirst().toAbsolutePath();
    private static final CudaMemory NO_MEMORY = new CudaMemory(null, Path.of("/nowhere"));
    private static final int SMALL = 512;

    @TempDir
    private static Path shared;

    private static Path plugin;
    private static StubGpu stub;
    private static PrepareThreads threads;

    @TempDir
    private Path folder;

    @BeforeAll
    static void compile() throws Exception {
        stub = StubGpu.compile(shared);
        plugin = stub.like(shared.resolve("two"), "devices=2\nmemory=100000000,200000000");
        threads = new PrepareThreads();
    }

    @AfterAll
    static void end() {
        threads.close();
    }

    private static Gpus gpus(CudaUse use, @Nullable Path file) {
        return Gpus.of(use, file, LIBRARY, NO_MEMORY);
    }

    private static SlmEngine.Config config(int context) {
        return new SlmEngine.Config("starter", Starter.weights(), ChatTemplates.source("chatml-tools"), context, 2, 1);
    }

    private static Gpus.Placed open(Gpus gpus, String wish, int context) {
        return threads.call(() -> {
            try {
                return gpus.open(config(context), wish);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    /** What is chosen, without opening an engine. */
    private static DeviceChoice chosen(Gpus gpus, String wish, int context) throws InterruptedException {
        DeviceChoice without = gpus.withoutGpu(wish);
        return without == null ? gpus.choose(config(context), wish) : without;
    }

    @Test
    void anEngineOnAGpuGivesTheCpusTokens() {
        Gpus.Placed placed = open(gpus(CudaUse.AUTO, plugin), "auto", SMALL);
        assertThat(placed.choice()).isEqualTo(new DeviceChoice("cuda:1", ""));
        List<Integer> onGpu = answer(placed.engine());
        assertThat(onGpu).hasSizeGreaterThan(4);
        Gpus.Placed plain = open(gpus(CudaUse.AUTO, plugin), "cpu", SMALL);
        assertThat(plain.choice()).isEqualTo(DeviceChoice.CPU);
        assertThat(answer(plain.engine())).isEqualTo(onGpu);
    }

    private static List<Integer> answer(SlmEngine engine) {
        try (var opened = new Starter.Opened(engine, new PrepareThreads());
                SlmPlan plan = opened.plan(Starter.user("What is the capital of France?"))) {
            assertThat(engine.stats().path("device").asText()).isEqualTo(engine.device());
            return opened.ask(plan, Starter.sampled(12, 0, 1)).ids();
        }
    }

    @Test
    void whatDoesNotFitRunsOnTheCpuAndSaysTheNumbers() throws Exception {
        Gpus gpus = gpus(CudaUse.AUTO, plugin);
        assertThat(chosen(gpus, "cuda:0", SMALL).reason()).isEqualTo("cuda: needs 134 MB, free on cuda:0 is 100 MB");
        assertThat(chosen(gpus, "cuda", 8192).reason()).isEqualTo("cuda: needs 337 MB, largest free is 200 MB");
        assertThat(chosen(gpus, "cuda:7", SMALL).reason())
                .isEqualTo("cuda: there is no device cuda:7, the last is cuda:1");
    }

    @Test
    void whatOneEngineTakesIsNotFreeForTheNext() throws Exception {
        Gpus gpus = gpus(CudaUse.AUTO, plugin);
        var need = Json.read(Llama.memoryNeed(config(SMALL).on("cuda:1").json()));
        long measured = need.path("weights").asLong()
                + need.path("context").asLong()
                + need.path("compute").asLong();
        Gpus.Placed first = open(gpus, "auto", SMALL);
        assertThat(first.choice().device()).isEqualTo("cuda:1");
        JsonNode device = LIBRARY.devices()
                .valueStream()
                .filter(one -> one.path("name").asText().equals("CUDA1"))
                .findFirst()
                .orElseThrow();
        assertThat(device.path("memory").asLong() - device.path("free").asLong())
                .isBetween(measured * 99 / 100, measured * 101 / 100);
        assertThat(chosen(gpus, "auto", SMALL).reason()).isEqualTo("cuda: needs 134 MB, largest free is 100 MB");
        first.engine().close();
        assertThat(chosen(gpus, "auto", SMALL).device()).isEqualTo("cuda:1");
    }

    @Test
    void withoutAGoodVerdictNothingIsLoadedAndTheReasonIsKept() throws Exception {
        long before = maps();
        Gpus gpus = gpus(CudaUse.AUTO, stub.like(folder, "mode=aborts"));
        DeviceChoice choice = chosen(gpus, "auto", SMALL);
        assertThat(choice.device()).isEqualTo("cpu");
        assertThat(choice.reason()).startsWith("cuda: probe ended by signal 6: ");
        assertThat(gpus.state()).isEqualTo(choice.reason());
        assertThat(maps()).isEqualTo(before);
    }

    private long maps() throws Exception {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains(folder.toString())).count();
        }
    }

    @Test
    void offAndAMissingPlugInAreToldOnlyToWhoAskedForAGpu() throws Exception {
        assertThat(chosen(gpus(CudaUse.OFF, plugin), "auto", SMALL)).isEqualTo(DeviceChoice.CPU);
        assertThat(chosen(gpus(CudaUse.OFF, plugin), "cuda", SMALL).reason())
                .isEqualTo("cuda: off by understudy.slm.cuda");
        assertThat(chosen(gpus(CudaUse.AUTO, null), "auto", SMALL)).isEqualTo(DeviceChoice.CPU);
        assertThat(chosen(gpus(CudaUse.AUTO, null), "cuda", SMALL).reason())
                .startsWith("cuda: no plug-in: set understudy.slm.cuda-plugin");
    }

    @Test
    void aPlugInBesideTheCpuLibrariesIsRefused() throws Exception {
        assertThat(chosen(gpus(CudaUse.AUTO, LIBRARIES.resolve("libggml-cuda.so")), "auto", SMALL)
                        .reason())
                .startsWith("cuda: the plug-in must lie in a folder of its own");
    }

    @Test
    void requiredWithoutOneIsAFailedStart() throws Exception {
        Path nowhere = folder.resolve("nowhere.so");
        assertThatThrownBy(() -> new SlmModelFactory(
                        LIBRARY,
                        List.of(folder),
                        library -> gpus(CudaUse.REQUIRE, nowhere),
                        new OwnerMarks(new byte[32]),
                        new SimpleMeterRegistry()))
                .hasMessage("cuda: " + nowhere + ": cannot open shared object file (understudy.slm.cuda is require)");
        assertThatThrownBy(() -> open(gpus(CudaUse.REQUIRE, plugin), "cuda:0", SMALL))
                .hasMessage("cuda: needs 134 MB, free on cuda:0 is 100 MB (understudy.slm.cuda is require)");
        assertThat(chosen(gpus(CudaUse.REQUIRE, plugin), "cpu", SMALL)).isEqualTo(DeviceChoice.CPU);
    }

    @Test
    void theTrialIsMadeOnceAndRememberedOverStarts() throws Exception {
        Path probe = folder.resolve("probe");
        Files.writeString(
                probe,
                "#!/bin/sh\necho run >>" + folder.resolve("runs")
                        + "\necho '{\"good\":true,\"devices\":[{\"description\":\"a GPU\"}]}'\n");
        Files.setPosixFilePermissions(probe, PosixFilePermissions.fromString("rwx------"));
        Path driver = folder.resolve("driver");
        Files.createDirectories(driver.resolve("gpus"));
        Files.writeString(driver.resolve("version"), "580");
        for (int start = 0; start < 2; start++) {
            var memory = new CudaMemory(folder, driver);
            var child = new CudaProbe(probe, Duration.ofSeconds(10), Duration.ofSeconds(10));
            var gpus = new Gpus(CudaUse.AUTO, plugin, LIBRARY, child, memory);
            assertThat(gpus.verdict().devices()).containsExactly("a GPU");
            assertThat(gpus.verdict().good()).isTrue();
        }
        assertThat(Files.readAllLines(folder.resolve("runs"))).hasSize(1);
        LIBRARY.noteAbort(shared.resolve("slm-abort.txt"));
    }

    @Test
    void aModelSaysWhereItRunsAndWhyNotWhereItShould() {
        var factory = new SlmModelFactory(
                LIBRARY,
                Starter.modelFolders(),
                library -> gpus(CudaUse.AUTO, plugin),
                new OwnerMarks(new byte[32]),
                new SimpleMeterRegistry());
        assertThat(ready(factory, "auto", SMALL)).isEqualTo("runs on cuda:1; CUDA: unproven on hardware");
        assertThat(ready(factory, "cuda:0", SMALL))
                .isEqualTo("cuda: needs 134 MB, free on cuda:0 is 100 MB; runs on the CPU");
        assertThat(factory.cuda()).isEqualTo("the CPU in disguise, the CPU in disguise");
        factory.close();
    }

    @Test
    void whatEndsTheProcessIsWrittenDownForTheNextStart() throws Exception {
        Path ends = stub.like(folder.resolve("ends"), "mode=aborts");
        var memory = new CudaMemory(folder, Path.of("/nowhere"));
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-Dunderstudy.slm.library=" + LIBRARIES,
                        "-Dunderstudy.test.model=" + Starter.weights().toAbsolutePath(),
                        "-cp",
                        classPath(),
                        Ends.class.getName(),
                        String.valueOf(memory.abortFile()),
                        ends.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
        assertThat(child.waitFor()).as(Files.readString(folder.resolve("said"))).isEqualTo(128 + 6);
        assertThat(memory.lastAbort())
                .isEqualTo("gpu_stub.cpp:1: CUDA error: CUDA error: the provided PTX was compiled with an unsupported"
                        + " toolchain.");
    }

    private static String classPath() {
        var absolute = new StringJoiner(File.pathSeparator);
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, 0)) {
            absolute.add(Path.of(entry).toAbsolutePath().toString());
        }
        return absolute.toString();
    }

    /** A process that lets a plug-in in which nobody has tried. */
    static final class Ends {
        private Ends() {}

        public static void main(String... words) {
            LIBRARY.noteAbort(Path.of(words[0]));
            LIBRARY.loadGpus(Path.of(words[1]));
            try (var some = new PrepareThreads()) {
                answer(some.call(() -> SlmEngine.open(LIBRARY, config(SMALL).on("cuda:0"))));
            }
        }
    }

    private static String ready(SlmModelFactory factory, String device, int context) {
        ModelCard card = SlmModelTest.card(
                "starter", new ModelCard.Place.Weights(Starter.SOURCE, device, 2, 1, "chatml-tools"), context);
        Model model = factory.make(card, Catalogue.of("USD", null, Map.of("starter", card)));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> model.readiness().state() != Readiness.State.LOADING);
        Readiness readiness = model.readiness();
        assertThat(readiness.state()).isEqualTo(Readiness.State.READY);
        model.close();
        return readiness.reason();
    }
}
