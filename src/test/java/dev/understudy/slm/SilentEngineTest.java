package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine in a process of its own, seen from outside. */
class SilentEngineTest {
    private static final long MOST_GROWTH_KILOBYTES = 15 << 10;

    @TempDir
    private Path folder;

    @Test
    void sixtyEnginesOneAfterTheOtherLeaveNoMemoryAndNoOutputBehind() throws Exception {
        Path weights = TinyModel.write(folder);
        Path growth = folder.resolve("growth");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xms64m",
                        "-Xmx64m",
                        "-XX:+AlwaysPreTouch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SilentEngine.class.getName(),
                        Starter.libraryFolders().getFirst().toAbsolutePath().toString(),
                        weights.toString(),
                        "60",
                        growth.toString()))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();

        assertThat(out).isEmptyFile();
        assertThat(err).isEmptyFile();
        assertThat(process.exitValue()).isZero();
        assertThat(Long.parseLong(Files.readString(growth))).isLessThanOrEqualTo(MOST_GROWTH_KILOBYTES);
    }
}
