package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaMemoryTest {
    private static final CudaVerdict GOOD = CudaVerdict.good(List.of("NVIDIA A", "NVIDIA \"B\""));

    @TempDir
    private Path folder;

    private Path driver;
    private Path plugin;
    private Path probe;

    @BeforeEach
    void aMachine() throws IOException {
        driver = folder.resolve("driver");
        write(driver.resolve("version"), "NVRM version: 580.65\n");
        write(driver.resolve("gpus/0000:01:00.0/information"), "Model: \t A\nIRQ: 5\nGPU UUID: \t GPU-1\n");
        plugin = write(folder.resolve("plugin"), "code");
        probe = write(folder.resolve("probe"), "code");
        memory().remember(plugin, probe, GOOD);
    }

    private CudaMemory memory() {
        return new CudaMemory(folder, driver);
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    @Test
    void aGoodVerdictIsRecalledAtTheNextStart() throws IOException {
        assertThat(memory().recall(plugin, probe)).isEqualTo(GOOD);
        write(driver.resolve("gpus/0000:01:00.0/information"), "Model: \t A\nIRQ: 6\nGPU UUID: \t GPU-1\n");
        assertThat(memory().recall(plugin, probe)).isEqualTo(GOOD);
    }

    @Test
    void anotherPlugInDriverGpuOrProbeIsTriedAnew() throws IOException {
        assertThat(memory().recall(write(folder.resolve("other"), "other"), probe))
                .isNull();
        assertThat(memory().recall(plugin, write(folder.resolve("other"), "other")))
                .isNull();
        write(driver.resolve("gpus/0000:02:00.0/information"), "Model: \t A\nGPU UUID: \t GPU-2\n");
        assertThat(memory().recall(plugin, probe)).isNull();
        Files.delete(driver.resolve("gpus/0000:02:00.0/information"));
        Files.delete(driver.resolve("gpus/0000:02:00.0"));
        assertThat(memory().recall(plugin, probe)).isEqualTo(GOOD);
        write(driver.resolve("version"), "NVRM version: 590.10\n");
        assertThat(memory().recall(plugin, probe)).isNull();
    }

    @Test
    void withoutADriverToTellNothingIsKept() throws IOException {
        var elsewhere = new CudaMemory(Files.createDirectory(folder.resolve("new")), folder.resolve("nowhere"));
        elsewhere.remember(plugin, probe, GOOD);
        assertThat(elsewhere.recall(plugin, probe)).isNull();
        assertThat(folder.resolve("new")).isEmptyDirectory();
    }

    @Test
    void aDamagedFileCountsAsNone() throws IOException {
        write(folder.resolve("cuda-verdict.json"), "{\"of\":");
        assertThat(memory().recall(plugin, probe)).isNull();
    }

    @Test
    void whyTheLastProcessEndedIsToldOnceAndTheVerdictIsGone() throws IOException {
        assertThat(memory().lastAbort()).isNull();
        write(folder.resolve("slm-abort.txt"), "ggml-cuda.cu:1: CUDA error\nCUDA error: an illegal memory access\n");
        assertThat(memory().lastAbort()).isEqualTo("ggml-cuda.cu:1: CUDA error: CUDA error: an illegal memory access");
        assertThat(memory().lastAbort()).isNull();
        assertThat(memory().recall(plugin, probe)).isNull();
    }
}
