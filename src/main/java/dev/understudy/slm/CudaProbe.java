package dev.understudy.slm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tries a GPU plug-in in a child process, which decodes a few tokens of a tiny model on every GPU and compares them with
 * the CPU's: a driver that is too old, or a GPU that the plug-in was not compiled for, ends the process that tries it.
 */
final class CudaProbe {
    /** Beside the native library. */
    static final String FILE = "understudy_slm_probe";

    private static final Logger LOG = Logger.getLogger(CudaProbe.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of a process whose output ended: it is at its end too, or closed both streams and went on. */
    private static final Duration FOR_THE_EXIT = Duration.ofSeconds(2);

    private static final int SIGNAL_BASE = 128;
    private static final String END = "";

    private final Path executable;
    private final Duration usual;
    private final Duration slow;

    /**
     * @param usual the limit of a trial
     * @param slow the limit once the child has said that the driver must compile the code first
     */
    CudaProbe(Path executable, Duration usual, Duration slow) {
        this.executable = executable;
        this.usual = usual;
        this.slow = slow;
    }

    private CudaProbe(Path executable) {
        this(executable, Duration.ofSeconds(60), Duration.ofSeconds(600));
    }

    /** The one beside the library; where there is no library, one that is not there. */
    static CudaProbe of(NativeLibrary library) {
        Path folder = library.folder();
        return new CudaProbe(folder == null ? Path.of(FILE) : folder.resolve(FILE));
    }

    Path executable() {
        return executable;
    }

    /**
     * Runs the child to its end, or ends it.
     *
     * @param libraries folder of llama.cpp's libraries
     */
    CudaVerdict run(Path libraries, Path plugin) throws InterruptedException {
        Process child;
        try {
            child = new ProcessBuilder(
                            executable.toString(),
                            libraries.toString(),
                            plugin.toString(),
                            // it ends itself should this process be gone by then
                            Long.toString(slow.toSeconds() + 1))
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
        } catch (IOException e) {
            return CudaVerdict.bad("the probe cannot be started: " + e.getMessage());
        }
        try {
            return watch(child);
        } finally {
            // our own child, by its handle
            child.destroyForcibly();
        }
    }

    private CudaVerdict watch(Process child) throws InterruptedException {
        BlockingQueue<String> said = new LinkedBlockingQueue<>();
        var complaint = new LastLine();
        Thread out = read(child.inputReader(StandardCharsets.UTF_8), said::add, () -> said.add(END));
        Thread err = read(child.errorReader(StandardCharsets.UTF_8), complaint::put, () -> {});
        long began = System.nanoTime();
        Duration limit = usual;
        JsonNode last = null;
        while (true) {
            long left = limit.toNanos() - (System.nanoTime() - began);
            String line = left > 0 ? said.poll(left, TimeUnit.NANOSECONDS) : null;
            if (line == null) {
                return CudaVerdict.bad("the probe gave no verdict in " + limit.toSeconds() + " s");
            }
            if (line.equals(END)) {
                break;
            }
            last = json(line);
            if (last.has("slow")) {
                limit = slow;
                LOG.infof(
                        "cuda probe is slow limit_s=%d reason=%s",
                        slow.toSeconds(), last.path("slow").asText());
            }
        }
        out.join();
        if (!child.waitFor(FOR_THE_EXIT)) {
            return CudaVerdict.bad("the probe did not end");
        }
        err.join(FOR_THE_EXIT);
        return end(child.exitValue(), last, complaint.line());
    }

    private static CudaVerdict end(int status, @Nullable JsonNode last, String complaint) {
        String said = complaint.isEmpty() ? "" : ": " + complaint;
        if (status > SIGNAL_BASE) {
            return CudaVerdict.bad("probe ended by signal " + (status - SIGNAL_BASE) + said);
        }
        if (status != 0) {
            return CudaVerdict.bad("probe ended with " + status + said);
        }
        return last != null && last.has("good")
                ? CudaVerdict.of(last)
                : CudaVerdict.bad("the probe said nothing" + said);
    }

    private static JsonNode json(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            return node == null ? JSON.nullNode() : node;
        } catch (JsonProcessingException e) {
            return JSON.nullNode();
        }
    }

    private static Thread read(BufferedReader reader, Consumer<String> line, Runnable atEnd) {
        return Thread.ofVirtual().start(() -> {
            try (reader) {
                for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                    if (!text.isBlank()) {
                        line.accept(text);
                    }
                }
            } catch (IOException e) {
                LOG.debugf("cuda probe unreadable: %s", e.getMessage()); // it was ended
            } finally {
                atEnd.run();
            }
        });
    }

    /** The newest line that is not blank. */
    private static final class LastLine {
        private volatile String line = "";

        void put(String text) {
            line = text.strip();
        }

        String line() {
            return line;
        }
    }
}
