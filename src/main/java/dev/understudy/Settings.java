package dev.understudy;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The static settings, read before the framework is there and in its order: system properties, environment variables by the MicroProfile
 * rule, {@code config/application.properties} of the working folder, the jar's {@code application.properties}. Loading the framework's
 * own reader would cost a command more than all its work.
 */
final class Settings {

    private final UnaryOperator<@Nullable String> lookUp;

    private Settings(UnaryOperator<@Nullable String> lookUp) {
        this.lookUp = lookUp;
    }

    static Settings read() throws StartFailure {
        Properties files = new Properties();
        Path folder = Path.of("config", "application.properties");
        try (InputStream jar = Settings.class.getResourceAsStream("/application.properties")) {
            if (jar != null) {
                files.load(jar);
            }
            if (Files.isReadable(folder)) {
                try (Reader text = Files.newBufferedReader(folder)) {
                    files.load(text);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new StartFailure("cannot read the static settings: " + e.getMessage());
        }
        return of(System.getProperties(), System.getenv(), files);
    }

    static Settings of(Properties system, Map<String, String> environment, Properties files) {
        return new Settings(name -> {
            String value = system.getProperty(name);
            if (value == null) {
                value = environment.get(variable(name));
            }
            return value == null ? files.getProperty(name) : value;
        });
    }

    /** The environment variable of a setting: what is neither letter nor digit becomes an underscore, all in capitals. */
    static String variable(String name) {
        return name.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
    }

    /** The value of a setting that the jar has a default for. */
    String text(String name) throws StartFailure {
        return optional(name)
                .orElseThrow(() -> new StartFailure(name + " must not be empty (environment: " + variable(name) + ")"));
    }

    /** The value of a setting that may be left out; a blank one counts as left out. */
    Optional<String> optional(String name) {
        return Optional.ofNullable(lookUp.apply(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    /** A folder, absolute; a relative one is taken from the working folder. */
    Path folder(String name) throws StartFailure {
        return Path.of(text(name)).toAbsolutePath().normalize();
    }

    /** Where the agents' door listens. */
    Address agentsDoor() throws StartFailure {
        return Address.parse("understudy.listen", text("understudy.listen"));
    }

    /** Where the people's door listens. */
    Address peoplesDoor() throws StartFailure {
        String host = text("quarkus.http.host");
        String shown = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        return Address.parse("quarkus.http.host and quarkus.http.port", shown + ":" + text("quarkus.http.port"));
    }

    /** A door as a program on this machine reaches it, without a slash at its end. */
    static URI url(Address door) {
        return URI.create("http://" + door.reachable());
    }
}
