package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trial of a plug-in, with plug-ins that are not fit and with children that do not say what they should. */
class CudaProbeTest {
    private static final Path LIBRARIES = Starter.libraryFolders().getFirst().toAbsolutePath();

    @TempDir
    private static Path shared;

    private static StubGpu stub;

    @TempDir
    private Path folder;

    @BeforeAll
    static void compile() throws Exception {
        stub = StubGpu.compile(shared);
    }

    private CudaVerdict tried(Path plugin) throws InterruptedException {
        return probe(LIBRARIES.resolve(CudaProbe.FILE), 20, 20).run(LIBRARIES, plugin);
    }

    private static CudaProbe probe(Path executable, int usual, int slow) {
        return new CudaProbe(executable, Duration.ofSeconds(usual), Duration.ofSeconds(slow));
    }

    @Test
    void aPlugInThatComputesAsTheCpuDoesIsGood() throws Exception {
        CudaVerdict verdict = tried(stub.like(folder.resolve("good"), "devices=2"));
        assertThat(verdict).isEqualTo(CudaVerdict.good(List.of("the CPU in disguise", "the CPU in disguise")));
    }

    @Test
    void aLibraryThatIsMissingIsNamed() throws Exception {
        Files.writeString(folder.resolve("blas.cpp"), "extern \"C\" int blas() { return 1; }");
        Files.writeString(
                folder.resolve("plugin.cpp"), "extern \"C\" int blas(); extern \"C\" int all() { return blas(); }");
        Path blas = StubGpu.compile(
                folder.resolve("libcublas.so.13"), folder.resolve("blas.cpp"), List.of("-Wl,-soname,libcublas.so.13"));
        Path plugin = StubGpu.compile(
                folder.resolve("libggml-cuda.so"), folder.resolve("plugin.cpp"), List.of(blas.toString()));
        Files.delete(blas);
        assertThat(tried(plugin).reason()).isEqualTo("cuda: libcublas.so.13: cannot open shared object file");
        Path nowhere = folder.resolve("nowhere.so");
        assertThat(tried(nowhere).reason()).isEqualTo("cuda: " + nowhere + ": cannot open shared object file");
    }

    @Test
    void aLibraryThatIsNoPlugInIsSaid() throws Exception {
        Path source = Files.writeString(folder.resolve("plain.cpp"), "extern \"C\" int plain() { return 1; }");
        Path plain = StubGpu.compile(folder.resolve("libggml-cuda.so"), source, List.of());
        assertThat(tried(plain).reason())
                .isEqualTo("cuda: " + plain + " is no plug-in of ggml: it has no ggml_backend_init");
    }

    @Test
    void aMachineWithoutADeviceIsSaid() throws Exception {
        assertThat(tried(stub.like(folder.resolve("none"), "devices=0")).reason())
                .isEqualTo("cuda: no CUDA-capable device is detected");
    }

    @Test
    void aDriverThatEndsTheProcessEndsOnlyTheChild() throws Exception {
        assertThat(tried(stub.like(folder.resolve("abort"), "mode=aborts")).reason())
                .isEqualTo("cuda: probe ended by signal 6: CUDA error: the provided PTX was compiled with an"
                        + " unsupported toolchain.");
    }

    @Test
    void aDeviceThatComputesSomethingElseIsNotLetIn() throws Exception {
        assertThat(tried(stub.like(folder.resolve("lies"), "mode=lies")).reason())
                .isEqualTo("cuda: device 0 computes other numbers than the CPU");
    }

    @Test
    void aDeviceWithoutMemoryIsNotLetIn() throws Exception {
        assertThat(tried(stub.like(folder.resolve("small"), "memory=100000")).reason())
                .startsWith("cuda: the weights cannot be loaded");
    }

    @Test
    void aChildThatHangsIsEnded() throws Exception {
        Path plugin = stub.like(folder.resolve("hangs"), "mode=hangs");
        CudaVerdict verdict = probe(LIBRARIES.resolve(CudaProbe.FILE), 1, 2).run(LIBRARIES, plugin);
        assertThat(verdict.reason()).isEqualTo("cuda: the probe gave no verdict in 1 s");
        assertThat(ProcessHandle.current().children())
                .noneMatch(child ->
                        child.isAlive() && child.info().command().orElse("").endsWith(CudaProbe.FILE));
    }

    @Test
    void aChildThatMustCompileFirstGetsMoreTime() throws Exception {
        Path patient = script("""
                echo '{"slow":"the driver compiles the code for compute capability 9.0"}'
                sleep 1.3
                echo '{"good":true,"devices":[{"description":"a GPU"}]}'
                """);
        assertThat(probe(patient, 1, 20).run(LIBRARIES, folder)).isEqualTo(CudaVerdict.good(List.of("a GPU")));
        assertThat(probe(patient, 1, 1).run(LIBRARIES, folder).reason())
                .isEqualTo("cuda: the probe gave no verdict in 1 s");
    }

    @Test
    void whatTheChildComesToIsSaid() throws Exception {
        assertThat(said("echo first >&2; echo 'the driver fell over' >&2; kill -SEGV $$"))
                .isEqualTo("cuda: probe ended by signal 11: the driver fell over");
        assertThat(said("kill -KILL $$")).isEqualTo("cuda: probe ended by signal 9");
        assertThat(said("echo 'no such word' >&2; exit 3")).isEqualTo("cuda: probe ended with 3: no such word");
        assertThat(said("echo hello")).isEqualTo("cuda: the probe said nothing");
        assertThat(said("echo '{\"good\":true}'")).isEqualTo("cuda: the probe tried no device");
        assertThat(said("echo '{\"good\":false,\"reason\":\"cuda: no luck\"}'")).isEqualTo("cuda: no luck");
        assertThat(said("echo '{\"good\":true,\"devices\":[{}]}'; exit 1")).isEqualTo("cuda: probe ended with 1");
        assertThat(probe(folder.resolve("none"), 1, 1).run(LIBRARIES, folder).reason())
                .startsWith("cuda: the probe cannot be started");
    }

    private String said(String script) throws Exception {
        return probe(script(script), 10, 10).run(LIBRARIES, folder).reason();
    }

    private Path script(String text) throws IOException {
        Path file = folder.resolve("probe");
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
}
