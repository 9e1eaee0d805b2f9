package dev.understudy;

import dev.understudy.admin.cli.Cli;
import dev.understudy.admin.cli.CliSettings;
import dev.understudy.database.StoreFailure;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The program. Without words, or with {@code run}, it is the gateway; any other words are a command for {@link Cli}, which needs neither
 * the framework nor a database and so answers at once.
 */
@QuarkusMain
public final class Understudy {

    private Understudy() {}

    /** Does what the words ask for; ends the JVM with 0 when it went well, 1 when it failed, 2 on wrong usage. */
    public static void main(String... words) {
        try {
            Settings settings = Settings.read();
            if (words.length == 0 || (words.length == 1 && words[0].equals("run"))) {
                serve(settings);
            } else {
                System.exit(Cli.execute(cliSettings(settings), words));
            }
        } catch (StartFailure | StoreFailure e) {
            System.err.println("understudy: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void serve(Settings settings) throws StartFailure, StoreFailure {
        settings.agentsDoor().mustBeFree("the agents' door", "UNDERSTUDY_LISTEN=host:port");
        settings.peoplesDoor().mustBeFree("the people's door", "QUARKUS_HTTP_PORT=port");
        Store store = Store.open(settings);
        Quarkus.run(Welcome.class, (status, failure) -> over(store, status, failure));
    }

    /** Called once the application has ended, or could not begin. The exit runs the hook that stops the store. */
    private static void over(Store store, int status, @Nullable Throwable failure) {
        if (failure != null) {
            System.err.println("understudy: " + FailureLine.of(failure));
        }
        store.applicationIsOver();
        System.exit(status);
    }

    private static CliSettings cliSettings(Settings settings) throws StartFailure {
        return new CliSettings(
                Settings.url(settings.peoplesDoor()),
                Settings.url(settings.agentsDoor()),
                settings.folder("understudy.data"),
                settings.folder("understudy.policies"),
                settings.optional("understudy.slm.library").map(Path::of),
                settings.optional("understudy.cache").map(Path::of));
    }
}
