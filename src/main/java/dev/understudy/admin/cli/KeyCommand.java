package dev.understudy.admin.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code key}: makes, lists and revokes API keys, at the running gateway. */
@Command(
        name = "key",
        mixinStandardHelpOptions = true,
        description = "Makes, lists and revokes the keys by which the gateway knows its callers.")
final class KeyCommand implements Runnable {
    private final CliSettings settings;
    private final InstantSource clock;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before any method is called
    private CommandSpec spec;

    KeyCommand(CliSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "create, list or revoke?");
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            description = "Makes a key for an app of a team that the policy files know. It is shown once.")
    int create(
            @Option(names = "--team", required = true, paramLabel = "TEAM", description = "its team") String team,
            @Option(names = "--app", defaultValue = "default", description = "its app (${DEFAULT-VALUE})") String app,
            @Option(names = "--name", description = "what to call it") @Nullable String name,
            @Option(names = "--expires-in-days", paramLabel = "DAYS", description = "when it ends (never)") @Nullable
                    Integer days)
            throws CommandFailure {
        ObjectNode wish = JsonNodeFactory.instance.objectNode();
        wish.put("team", team).put("app", app).put("name", name).put("expiresInDays", days);
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            JsonNode made = door.post("/api/keys", wish);
            out().println(made.path("key").asText());
            err().println("Keep it: only its digest is stored. Revoke it with: ./understudy key revoke "
                    + made.path("prefix").asText());
        }
        return 0;
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "All keys, oldest first.")
    int list() throws CommandFailure {
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            JsonNode keys = door.get("/api/keys");
            if (keys.isEmpty()) {
                out().println("no keys yet: ./understudy key create --team <team>");
                return 0;
            }
            out().printf("%-9s %-16s %-16s %-21s %-21s %s%n", "prefix", "team", "app", "created", "state", "name");
            for (JsonNode key : keys) {
                out().printf(
                                "%-9s %-16s %-16s %-21s %-21s %s%n",
                                key.path("prefix").asText(),
                                key.path("team").asText(),
                                key.path("app").asText(),
                                second(key.path("createdAt")),
                                state(key, clock.instant()),
                                key.path("name").asText(""));
            }
        }
        return 0;
    }

    /** Whether a key, as the people's door shows it, is good at that moment. */
    static String state(JsonNode key, Instant now) {
        if (!key.path("revokedAt").isNull()) {
            return "revoked";
        }
        if (key.path("expiresAt").isNull()) {
            return "good";
        }
        Instant end = Instant.parse(key.path("expiresAt").asText());
        return now.isBefore(end) ? "until " + end.toString().substring(0, 10) : "expired";
    }

    private static String second(JsonNode instant) {
        String text = instant.asText();
        return text.length() > 19 ? text.substring(0, 19) + "Z" : text;
    }

    @Command(name = "revoke", mixinStandardHelpOptions = true, description = "Revokes a key for good.")
    int revoke(@Parameters(paramLabel = "PREFIX", description = "the eight digits after usk_") String prefix)
            throws CommandFailure {
        if (!prefix.matches("[0-9A-Za-z]{8}")) {
            throw new CommandFailure(
                    "a key is named by the eight digits after usk_, as ./understudy key list shows them");
        }
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            JsonNode revoked = door.delete("/api/keys/" + prefix);
            out().println("revoked " + revoked.path("prefix").asText() + " of "
                    + revoked.path("team").asText() + "/" + revoked.path("app").asText());
        }
        return 0;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }
}
