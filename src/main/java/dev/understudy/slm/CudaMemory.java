package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What is known of CUDA from earlier starts: the last good verdict, with the plug-in, driver and GPUs it was found with,
 * and why llama.cpp ended the process, if it did. A bad verdict is not kept, since its cause may be mended without any
 * of these changing.
 */
final class CudaMemory {
    private static final Logger LOG = Logger.getLogger(CudaMemory.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERDICT = "cuda-verdict.json";
    private static final String ABORT = "slm-abort.txt";
    private static final int MAX_ABORT = 1000;

    private final @Nullable Path folder;
    private final Path driver;

    /**
     * @param folder where the files are; null: nothing is remembered
     * @param driver {@code /proc/driver/nvidia}
     */
    CudaMemory(@Nullable Path folder, Path driver) {
        this.folder = folder;
        this.driver = driver;
    }

    /** Where the engine says why it ends the process; null: nowhere. */
    @Nullable
    Path abortFile() {
        return folder == null ? null : folder.resolve(ABORT);
    }

    /**
     * Why llama.cpp ended the last process, or null. Told once; a verdict that let the plug-in in then counts no more.
     */
    @Nullable
    String lastAbort() {
        Path file = abortFile();
        if (folder == null || file == null || !Files.isRegularFile(file)) {
            return null;
        }
        try {
            String text = Files.readString(file).strip().replaceAll("\\s*\\R\\s*", ": ");
            Files.delete(file);
            Files.deleteIfExists(folder.resolve(VERDICT));
            return text.substring(0, Math.min(text.length(), MAX_ABORT));
        } catch (IOException e) {
            LOG.warnf(
                    "abort note unreadable file=%s reason=%s",
                    file, e.getClass().getSimpleName());
            return null;
        }
    }

    /** The verdict that was found with just these; null: there is none, or what is here cannot be told. */
    @Nullable
    CudaVerdict recall(Path plugin, Path probe) {
        if (folder == null || !Files.isRegularFile(folder.resolve(VERDICT))) {
            return null;
        }
        try {
            JsonNode known = JSON.readTree(Files.readAllBytes(folder.resolve(VERDICT)));
            if (known == null || !known.path("of").asText().equals(key(plugin, probe))) {
                return null;
            }
            CudaVerdict verdict = CudaVerdict.of(known);
            return verdict.good() ? verdict : null;
        } catch (IOException e) {
            LOG.infof("cuda verdict not recalled reason=%s", e.getClass().getSimpleName());
            return null;
        }
    }

    /** Keeps a good verdict; without a driver that can be told from another, nothing is kept. */
    void remember(Path plugin, Path probe, CudaVerdict verdict) {
        if (folder == null) {
            return;
        }
        try {
            ObjectNode json = JSON.createObjectNode();
            json.put("of", key(plugin, probe)).put("good", true);
            verdict.devices()
                    .forEach(name -> json.withArray("devices").addObject().put("description", name));
            Path fresh = folder.resolve(VERDICT + ".new");
            Files.write(fresh, JSON.writeValueAsBytes(json));
            Files.move(fresh, folder.resolve(VERDICT), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.infof("cuda verdict not kept reason=%s", e.getClass().getSimpleName());
        }
    }

    private String key(Path plugin, Path probe) throws IOException {
        List<String> parts = new ArrayList<>();
        parts.add(Variant.sum(plugin));
        parts.add(Variant.sum(probe));
        parts.add(Files.readString(driver.resolve("version")));
        try (Stream<Path> gpus = Files.list(driver.resolve("gpus"))) {
            for (Path gpu : gpus.sorted().toList()) {
                Files.readString(gpu.resolve("information"))
                        .lines()
                        .filter(line -> line.startsWith("Model:") || line.startsWith("GPU UUID:"))
                        .forEach(parts::add);
            }
        }
        return Variant.sum(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
    }
}
