package dev.understudy.slm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * An adapter on this machine: {@code adapters/NAME} is a GGUF, or a folder with {@code adapter.gguf}, below the models
 * folder or in the jar. One of the jar is copied below the models folder, since llama.cpp reads files only.
 *
 * @param sha256 of the file, 64 hex digits
 */
record AdapterFile(Path file, String sha256) {
    private static final List<String> ENDINGS = List.of("", "/adapter.gguf", ".gguf");

    /**
     * @param folders where adapters are looked for; the last takes copies
     * @throws ModelSource.Missing if there is none; the message says where it was looked for
     */
    static AdapterFile find(List<Path> folders, String path) throws ModelSource.Missing {
        try {
            for (Path folder : folders) {
                for (String ending : ENDINGS) {
                    Path file = folder.resolve(path + ending);
                    if (Files.isRegularFile(file)) {
                        return new AdapterFile(file, Variant.sum(file));
                    }
                }
            }
            for (String ending : ENDINGS) {
                try (InputStream in = AdapterFile.class.getResourceAsStream("/" + path + ending)) {
                    if (in != null && !ending.isEmpty()) {
                        return copied(in.readAllBytes(), folders.getLast());
                    }
                }
            }
        } catch (IOException e) {
            throw new ModelSource.Missing("adapter " + path + " cannot be read: " + e.getMessage());
        }
        throw new ModelSource.Missing("adapter " + path + " is neither in the jar nor in "
                + String.join(", ", folders.stream().map(Path::toString).toList())
                + ": make it by ./understudy train, or put it there");
    }

    private static AdapterFile copied(byte[] bytes, Path folder) throws IOException {
        Path copies = Files.createDirectories(folder.resolve("adapters-of-the-jar"));
        Path fresh = Files.createTempFile(copies, "adapter", ".new");
        Files.write(fresh, bytes);
        String sum = Variant.sum(fresh);
        Path file = copies.resolve(sum + ".gguf");
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        return new AdapterFile(file, sum);
    }
}
