package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.slm.Starter.Heard;
import dev.understudy.slm.Starter.Opened;
import dev.understudy.slm.Starter.Waiting;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening and closing, adapters that come and go, and what is said when something is missing. */
class EngineLifeTest {
    /** Where an ELF header names its machine. */
    private static final int ELF_MACHINE = 18;

    @TempDir
    private Path folder;

    @Test
    void closingEndsWhatRunsAndWaits() {
        Opened starter = Starter.open(2);
        List<Waiting> all = new ArrayList<>();
        try (SlmPlan plan = starter.plan(Starter.user("Write a long story"))) {
            for (int i = 0; i < 6; i++) {
                all.add(starter.submit(plan, SlmRequest.greedy(2000)));
            }
            starter.engine().close();
            for (Waiting one : all) {
                assertThat(one.join().result().finish()).isIn(SlmResult.Finish.CANCELLED, SlmResult.Finish.END_OF_TURN);
            }
            assertThatThrownBy(() -> starter.submit(plan, SlmRequest.greedy(1)))
                    .isInstanceOfSatisfying(
                            SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.CLOSED));
            // an answer can still be read: the plan holds on to the vocabulary and the template
            assertThat(plan.tokens()).isNotEmpty();
        }
        starter.close();
    }

    @Test
    void adaptersAreLoadedOnceServeMixedAndCanBeUnloaded() throws Exception {
        Path loud = folder.resolve("loud.gguf");
        Path still = folder.resolve("still.gguf");
        Files.write(loud, RandomAdapter.forStarter(4, 0.4F, 1));
        Files.write(still, RandomAdapter.forStarter(4, 0, 2));
        try (Opened starter = Starter.open(4);
                SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            int one = starter.engine().loadAdapter(loud);
            int two = starter.engine().loadAdapter(still);
            assertThat(starter.engine().loadAdapter(loud)).isEqualTo(one);

            Heard bare = starter.ask(plan, SlmRequest.greedy(8));
            Heard loudly = starter.ask(plan, SlmRequest.greedy(8).withAdapter(one, 1));
            Heard silently = starter.ask(plan, SlmRequest.greedy(8).withAdapter(two, 1));
            assertThat(loudly.text()).isNotEqualTo(bare.text());
            assertThat(silently.text()).isEqualTo(bare.text());
            assertThat(loudly.result().cached()).isZero();

            List<Waiting> mixed = List.of(
                    starter.submit(plan, SlmRequest.greedy(8)),
                    starter.submit(plan, SlmRequest.greedy(8).withAdapter(one, 1)),
                    starter.submit(plan, SlmRequest.greedy(8).withAdapter(two, 1)),
                    starter.submit(plan, SlmRequest.greedy(8).withAdapter(one, 1)));
            assertThat(mixed.get(0).join().ids().getFirst())
                    .isEqualTo(bare.ids().getFirst());
            assertThat(mixed.get(1).join().text()).isNotEqualTo(bare.text());
            assertThat(mixed.get(2).join().ids().getFirst())
                    .isEqualTo(bare.ids().getFirst());
            assertThat(mixed.get(3).join().result().failure()).isNull();

            assertThat(starter.engine().unloadAdapter(one)).isFalse(); // it was asked for twice
            Waiting last = starter.submit(plan, endless(2000).withAdapter(one, 1));
            last.heard().first.join();
            assertThat(starter.engine().unloadAdapter(one)).isFalse(); // it goes with its last request
            assertThatThrownBy(() -> starter.submit(plan, SlmRequest.greedy(2).withAdapter(one, 1)))
                    .isInstanceOfSatisfying(
                            SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.CLOSED))
                    .hasMessageContaining("adapter");
            starter.engine().cancel(last.id());
            last.join();
            assertThat(starter.engine().loadAdapter(loud)).isGreaterThan(two);
            assertThat(starter.ask(plan, SlmRequest.greedy(8)).text()).isEqualTo(bare.text());
        }
    }

    private static SlmRequest endless(int tokens) {
        return new SlmRequest(
                tokens, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, 0, null, null,
                true);
    }

    @Test
    void baseAndTwoAdaptersMixedSayWhatEachSaysAloneAndEachGetsItsTurn() throws Exception {
        Path first = folder.resolve("first.gguf");
        Path second = folder.resolve("second.gguf");
        Files.write(first, RandomAdapter.forStarter(4, 0.05F, 1));
        Files.write(second, RandomAdapter.forStarter(4, 0.05F, 2));
        try (Opened starter = Starter.open(8);
                SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            int a = starter.engine().loadAdapter(first);
            int b = starter.engine().loadAdapter(second);
            List<SlmRequest> requests = List.of(
                    SlmRequest.greedy(12),
                    SlmRequest.greedy(12).withAdapter(a, 1),
                    SlmRequest.greedy(12).withAdapter(b, 1));
            List<Heard> alone =
                    requests.stream().map(one -> starter.ask(plan, one)).toList();
            List<Waiting> mixed =
                    requests.stream().map(one -> starter.submit(plan, one)).toList();
            for (int i = 0; i < requests.size(); i++) {
                SlmEngineTest.assertSameUpToACloseCall(mixed.get(i).join(), alone.get(i));
            }

            List<Waiting> streams = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                streams.add(starter.submit(plan, endless(300).withAdapter(a, 1)));
            }
            streams.getLast().heard().first.join();
            Heard other = starter.submit(plan, endless(8).withAdapter(b, 1)).join();
            assertThat(other.result().finish()).isEqualTo(SlmResult.Finish.LENGTH);
            for (Waiting one : streams) {
                assertThat(one.heard().done).isNotDone(); // b did not wait for all of them
                starter.engine().cancel(one.id());
                assertThat(one.join().result().switches()).isPositive();
            }
        }
    }

    @Test
    void aNewAdapterUnderAnOldPathIsLoadedAnew() throws Exception {
        Path file = folder.resolve("adapter.gguf");
        Files.write(file, RandomAdapter.forStarter(4, 0, 2));
        try (Opened starter = Starter.open(1);
                SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            int still = starter.engine().loadAdapter(file);
            String before = starter.ask(plan, SlmRequest.greedy(8).withAdapter(still, 1))
                    .text();
            Files.write(file, RandomAdapter.forStarter(4, 0.4F, 1));
            int loud = starter.engine().loadAdapter(file);

            assertThat(loud).isNotEqualTo(still);
            assertThat(starter.ask(plan, SlmRequest.greedy(8).withAdapter(loud, 1))
                            .text())
                    .isNotEqualTo(before);
            assertThat(starter.ask(plan, SlmRequest.greedy(8).withAdapter(still, 1))
                            .text())
                    .isEqualTo(before);
            assertThat(starter.engine().unloadAdapter(still)).isTrue();
        }
    }

    @Test
    void anAdapterOfAnotherModelIsRefused() throws Exception {
        Path file = folder.resolve("other.gguf");
        Files.write(file, RandomAdapter.of(2, 64, 32, 4, 1, 1));
        try (Opened starter = Starter.open(1)) {
            assertThatThrownBy(() -> starter.engine().loadAdapter(file))
                    .isInstanceOfSatisfying(
                            SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.INVALID));
            assertThatThrownBy(() -> starter.engine().loadAdapter(folder.resolve("nowhere.gguf")))
                    .isInstanceOf(SlmException.class);
        }
    }

    @Test
    void damagedWeightsAreSaidAndNothingElseHappens() throws Exception {
        Path broken = folder.resolve("broken.gguf");
        byte[] whole = Files.readAllBytes(Starter.weights());
        Files.write(broken, Arrays.copyOf(whole, whole.length / 2));
        NativeLibrary library = NativeLibrary.load(Starter.libraryFolders());
        assertThatThrownBy(() -> SlmEngine.open(library, new SlmEngine.Config("broken", broken, null, null, 1, 1)))
                .isInstanceOfSatisfying(
                        SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.MODEL_LOAD));
    }

    @Test
    void aModelWhoseTemplateHasNoToolsRefusesThem() {
        NativeLibrary library = NativeLibrary.load(Starter.libraryFolders());
        try (var threads = new PrepareThreads();
                SlmEngine engine = threads.call(() ->
                        SlmEngine.open(library, new SlmEngine.Config("bare", Starter.weights(), null, null, 1, 1)))) {
            byte[] chat = ("{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"tools\":[{\"type\":\"function\","
                            + "\"function\":{\"name\":\"f\"}}]}")
                    .getBytes(StandardCharsets.UTF_8);
            assertThatThrownBy(() -> threads.call(() -> engine.prepare(chat)))
                    .isInstanceOfSatisfying(
                            SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.UNSUPPORTED))
                    .hasMessageStartingWith("tools");
        }
    }

    @Test
    void aMissingLibraryIsAReasonAndNoFailure() {
        NativeLibrary library = NativeLibrary.load(List.of(folder));
        assertThat(library.problem()).contains("not found").contains("./understudy setup");
        assertThat(library.drainLog()).isEmpty();
        assertThatThrownBy(() ->
                        SlmEngine.open(library, new SlmEngine.Config("x", folder.resolve("x.gguf"), null, null, 1, 1)))
                .isInstanceOfSatisfying(
                        SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.MODEL_LOAD));
    }

    @Test
    void aSecondClassLoaderBindsOneCopyHoweverOftenItLoads() throws Exception {
        NativeLibrary.load(Starter.libraryFolders());
        var places = new ArrayList<URL>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            places.add(Path.of(entry).toUri().toURL());
        }
        long before = mappedCopies();
        try (var other = new URLClassLoader(places.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> library = other.loadClass(NativeLibrary.class.getName());
            for (int i = 0; i < 3; i++) {
                Object loaded = library.getMethod("load", List.class).invoke(null, Starter.libraryFolders());
                assertThat(library.getMethod("problem").invoke(loaded)).isNull();
            }
            assertThat(mappedCopies() - before).isEqualTo(1);
        }
    }

    private static long mappedCopies() throws IOException {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("/understudy-slm"))
                    .map(line -> line.substring(line.indexOf('/')))
                    .distinct()
                    .count();
        }
    }

    @Test
    void aBrokenLibraryIsAReasonAndNoFailure() throws Exception {
        Path ours = Starter.libraryFolders().getFirst().resolve("libunderstudy_slm.so");
        byte[] ofAnotherMachine = Files.readAllBytes(ours);
        ofAnotherMachine[ELF_MACHINE] ^= 0x7F;
        Files.write(folder.resolve("libunderstudy_slm.so"), ofAnotherMachine);
        assertThat(NativeLibrary.load(List.of(folder)).problem()).contains("cannot be used");
    }
}
