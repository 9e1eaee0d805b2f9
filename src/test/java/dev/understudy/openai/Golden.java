package dev.understudy.openai;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The golden files of this room: one pair a case, named after the oddity. */
final class Golden {
    private static final Path ROOT = Path.of("src/test/resources/golden/openai");

    private Golden() {}

    /** Names of all cases in a folder, by the ending of their input. */
    static List<String> cases(String folder, String ending) {
        try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(String folder, String file) {
        try {
            return Files.readAllBytes(ROOT.resolve(folder).resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(String folder, String file) {
        return new String(bytes(folder, file), StandardCharsets.UTF_8);
    }
}
