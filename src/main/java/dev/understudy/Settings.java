package dev.understudy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The static settings, read before the framework is there by the same rules: system properties, environment variables,
 * {@code config/application.properties} of the working folder, the jar's {@code application.properties}.
 */
final class Settings {

    private static final int ORDINAL_FOLDER = 260;
    private static final int ORDINAL_JAR = 250;

    private final SmallRyeConfig config;

    private Settings(SmallRyeConfig config) {
        this.config = config;
    }

    static Settings read() throws StartFailure {
        var builder = new SmallRyeConfigBuilder()
                .addDefaultSources()
                .addDefaultInterceptors()
                .withProfile("prod");
        try {
            URL jar = Settings.class.getResource("/application.properties");
            if (jar != null) {
                builder.withSources(new PropertiesConfigSource(jar, ORDINAL_JAR));
            }
            Path folder = Path.of("config", "application.properties");
            if (Files.isReadable(folder)) {
                builder.withSources(new PropertiesConfigSource(folder.toUri().toURL(), ORDINAL_FOLDER));
            }
        } catch (IOException e) {
            throw new StartFailure("cannot read the static settings: " + e.getMessage());
        }
        return new Settings(builder.build());
    }

    /** The value of a setting that the jar has a default for. */
    String text(String name) {
        return optional(name).orElseThrow(() -> new IllegalStateException("the jar sets no " + name));
    }

    /** The value of a setting that may be left out; a blank one counts as left out. */
    Optional<String> optional(String name) {
        return config.getOptionalValue(name, String.class).filter(value -> !value.isBlank());
    }

    Path folder(String name) {
        return Path.of(text(name)).toAbsolutePath().normalize();
    }

    /** Where the agents' door listens. */
    Address agentsDoor() throws StartFailure {
        return Address.parse("understudy.listen", text("understudy.listen"));
    }

    /** Where the people's door listens. */
    Address peoplesDoor() throws StartFailure {
        return Address.parse("quarkus.http.port", text("quarkus.http.host") + ":" + text("quarkus.http.port"));
    }

    /** The people's door as a program on this machine reaches it. */
    URI peoplesUrl() throws StartFailure {
        return URI.create("http://" + peoplesDoor().reachable());
    }
}
