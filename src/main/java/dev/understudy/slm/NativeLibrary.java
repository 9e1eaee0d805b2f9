package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The C++ half, loaded from a folder that also holds llama.cpp's libraries. When it cannot be loaded the reason is
 * kept: local models are then unavailable, and everything else goes on.
 */
public final class NativeLibrary {
    private static final String FILE = "libunderstudy_slm.so";

    /** What this class loader has bound. Binding a file twice would leave it to chance which copy answers which native. */
    private static final Set<Path> BOUND = new HashSet<>();

    private final @Nullable String problem;
    private final @Nullable Path folder;

    private NativeLibrary(@Nullable String problem, @Nullable Path folder) {
        this.problem = problem;
        this.folder = folder;
    }

    /** Loads the library from the first of these folders that has it; never throws. */
    public static NativeLibrary load(List<Path> folders) {
        for (Path folder : folders) {
            Path file = folder.toAbsolutePath().normalize().resolve(FILE);
            if (Files.isRegularFile(file)) {
                return load(file);
            }
        }
        String looked = String.join(", ", folders.stream().map(Path::toString).toList());
        return new NativeLibrary(
                "native library " + FILE + " not found in " + looked
                        + ": run ./understudy setup, or set understudy.slm.library",
                null);
    }

    private static NativeLibrary load(Path file) {
        try {
            bind(file);
            Path folder = file.toAbsolutePath().getParent();
            Llama.init(bytes(folder));
            return new NativeLibrary(null, folder);
        } catch (UnsatisfiedLinkError | IOException | SlmException e) {
            return new NativeLibrary(
                    "native library " + file + " cannot be used: " + e.getMessage() + " (run ./understudy setup again)",
                    null);
        }
    }

    /**
     * A JVM binds a library to one class loader. A second loader, as tests and development mode make them, gets a copy;
     * llama.cpp's libraries, which the copy needs, are in the process already.
     */
    @SuppressWarnings("restricted") // native access is what this room is for; every start enables it
    private static synchronized void bind(Path file) throws IOException {
        if (BOUND.contains(file)) {
            return;
        }
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError e) {
            if (!String.valueOf(e.getMessage()).contains("already loaded in another classloader")) {
                throw e;
            }
            Path copy = Files.createTempFile("understudy-slm", ".so");
            try {
                Files.write(copy, Files.readAllBytes(file));
                System.load(copy.toString());
            } finally {
                Files.delete(copy);
            }
        }
        BOUND.add(file);
    }

    /** Why it cannot be used, with the remedy; null when it can. */
    public @Nullable String problem() {
        return problem;
    }

    /**
     * Does nothing when the library is there.
     *
     * @throws SlmException with {@code MODEL_LOAD} and the reason
     */
    void require() {
        if (problem != null) {
            throw new SlmException(SlmException.Code.MODEL_LOAD, problem);
        }
    }

    /** Where it was loaded from, with llama.cpp's libraries and the probe; null when it cannot be used. */
    @Nullable
    Path folder() {
        return folder;
    }

    /**
     * Loads a GPU plug-in into this process; once. Only for one that a probe found good.
     *
     * @throws SlmException with {@code MODEL_LOAD} and the reason, which begins with {@code cuda: }
     */
    void loadGpus(Path plugin) {
        require();
        Llama.loadGpus(bytes(plugin.toAbsolutePath()));
    }

    /** What llama.cpp can compute on: {@code name}, {@code kind}, {@code memory} and {@code free} bytes. */
    JsonNode devices() {
        require();
        return Json.read(Llama.devices()).path("devices");
    }

    /** Has llama.cpp write into a file why it ends this process, should it. */
    void noteAbort(Path file) {
        if (problem == null) {
            Llama.noteAbort(bytes(file.toAbsolutePath()));
        }
    }

    private static byte[] bytes(@Nullable Path path) {
        return String.valueOf(path).getBytes(StandardCharsets.UTF_8);
    }

    /** Warnings and errors of llama.cpp since the last call, one a line, beginning with W or E. */
    public List<String> drainLog() {
        return problem == null
                ? new String(Llama.drainLog(), StandardCharsets.UTF_8).lines().toList()
                : List.of();
    }
}
