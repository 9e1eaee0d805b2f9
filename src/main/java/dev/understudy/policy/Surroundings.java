package dev.understudy.policy;

import dev.understudy.call.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What files may refer to: variables of the environment and files with secrets. */
interface Surroundings {
    /** The value of that variable; empty when it is unset or empty. */
    Optional<String> variable(String name);

    /** The first line of that file; empty when it cannot be read or is empty. */
    Optional<Secret> secretFile(String path);

    /** Those of this process. */
    static Surroundings ofProcess() {
        return of(System.getenv());
    }

    /** These variables, and the files of this machine. */
    static Surroundings of(Map<String, String> variables) {
        return new Surroundings() {
            @Override
            public Optional<String> variable(String name) {
                return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
            }

            @Override
            public Optional<Secret> secretFile(String path) {
                try {
                    return Files.readString(Path.of(path), StandardCharsets.UTF_8)
                            .lines()
                            .findFirst()
                            .map(String::strip)
                            .filter(line -> !line.isEmpty())
                            .map(Secret::new);
                } catch (IOException e) {
                    return Optional.empty();
                }
            }
        };
    }
}
