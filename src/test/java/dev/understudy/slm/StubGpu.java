package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A GPU plug-in without a GPU: the CPU in disguise, compiled from {@code src/main/native/tests/stub}. Each copy is like
 * what its settings say.
 */
final class StubGpu {
    private static final Path SOURCE = Path.of("src/main/native/tests/stub/gpu_stub.cpp");

    private final Path compiled;

    private StubGpu(Path compiled) {
        this.compiled = compiled;
    }

    /** Compiles it into a folder. */
    static StubGpu compile(Path folder) throws Exception {
        Path ggml = Path.of(System.getProperty("understudy.cache", ".cache")).resolve("llama/llama.cpp/ggml");
        Path libraries = Starter.libraryFolders().getFirst().toAbsolutePath();
        return new StubGpu(compile(
                folder.resolve("stub.so"),
                SOURCE,
                List.of(
                        "-I" + ggml.resolve("include"),
                        "-I" + ggml.resolve("src"),
                        "-DGGML_SHARED",
                        "-DGGML_BACKEND_SHARED",
                        "-DGGML_BACKEND_DL",
                        "-L" + libraries,
                        "-l:libggml-base.so",
                        "-l:libggml.v0.5.0.so")));
    }

    /** A library of a source; {@code more} are words for the compiler after it. */
    static Path compile(Path out, Path source, List<String> more) throws Exception {
        List<String> words = new ArrayList<>(List.of("c++", "-std=c++17", "-shared", "-fPIC", "-o"));
        words.add(out.toString());
        words.add(source.toString());
        words.addAll(more);
        Process compiler = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as(said).isZero();
        return out;
    }

    /** A copy in a folder of its own, as {@code settings}, lines of NAME=VALUE, say. */
    Path like(Path folder, String settings) throws IOException {
        Files.createDirectories(folder);
        Path copy = Files.copy(compiled, folder.resolve("libggml-cuda.so"));
        Files.writeString(folder.resolve("libggml-cuda.so.conf"), settings);
        return copy;
    }
}
