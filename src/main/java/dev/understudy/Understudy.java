package dev.understudy;

import dev.understudy.admin.cli.Cli;
import dev.understudy.admin.cli.CliSettings;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The program. Without words, or with {@code run}, it is the gateway; any other words are a command for {@link Cli}, which needs neither
 * the framework nor a database and so answers at once.
 */
@QuarkusMain
public final class Understudy {

    private Understudy() {}

    /** Starts what the words ask for; ends the JVM with 0 when it went well, 1 when it failed, 2 on wrong usage. */
    public static void main(String... words) {
        try {
            Settings settings = Settings.read();
            if (words.length == 0 || words.length == 1 && words[0].equals("run")) {
                serve(settings);
            } else {
                System.exit(Cli.execute(
                        new CliSettings(
                                settings.peoplesUrl(),
                                URI.create("http://" + settings.agentsDoor().reachable()),
                                settings.folder("understudy.data"),
                                settings.folder("understudy.policies")),
                        words));
            }
        } catch (StartFailure e) {
            fail(e);
        }
    }

    private static void serve(Settings settings) throws StartFailure {
        settings.agentsDoor().mustBeFree("the agents' door", "UNDERSTUDY_LISTEN=host:port");
        settings.peoplesDoor().mustBeFree("the people's door", "QUARKUS_HTTP_PORT=port");
        Quarkus.run(Welcome.class, Understudy::over);
    }

    /** Called once the application has ended, or could not begin. */
    private static void over(int status, @Nullable Throwable failure) {
        if (failure != null) {
            System.err.println("understudy: " + FailureLine.of(failure));
        }
        System.exit(status);
    }

    private static void fail(StartFailure failure) {
        System.err.println("understudy: " + failure.getMessage());
        System.exit(1);
    }
}
