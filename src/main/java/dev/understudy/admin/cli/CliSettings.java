package dev.understudy.admin.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a command may need to know about the gateway of this machine.
 *
 * @param people the people's door, without a slash at its end
 * @param agents the agents' door, without a slash at its end and without {@code /v1}
 * @param data the data folder, absolute
 * @param policies the folder of policies, absolute
 * @param library the folder of the native library, where one is set
 * @param cache the folder of fetched files, where one is set
 */
public record CliSettings(
        URI people, URI agents, Path data, Path policies, Optional<Path> library, Optional<Path> cache) {
    public CliSettings {
        if (!data.isAbsolute() || !policies.isAbsolute()) {
            throw new IllegalArgumentException("data and policies must be absolute, were " + data + ", " + policies);
        }
    }
}
