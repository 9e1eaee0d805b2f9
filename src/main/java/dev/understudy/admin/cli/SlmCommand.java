package dev.understudy.admin.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code slm}: the switch for all small models, at the running gateway. */
@Command(
        name = "slm",
        mixinStandardHelpOptions = true,
        description = "Switches all small models off or on, for every gateway on the database, within two seconds.")
final class SlmCommand implements Runnable {
    private final CliSettings settings;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before any method is called
    private CommandSpec spec;

    SlmCommand(CliSettings settings) {
        this.settings = settings;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "off, on or status?");
    }

    @Command(
            name = "off",
            mixinStandardHelpOptions = true,
            description = "Large models answer what they may; a rule without one denies. A restart keeps it.")
    int off() throws CommandFailure {
        return move(false);
    }

    @Command(name = "on", mixinStandardHelpOptions = true, description = "Rules decide again who answers.")
    int on() throws CommandFailure {
        return move(true);
    }

    @Command(name = "status", mixinStandardHelpOptions = true, description = "Where the switch stands, and since when.")
    int status() throws CommandFailure {
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            out().println(line(door.get("/api/slm")));
        }
        return 0;
    }

    private int move(boolean enabled) throws CommandFailure {
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            JsonNode wish = JsonNodeFactory.instance.objectNode().put("enabled", enabled);
            out().println(line(door.put("/api/slm", wish)));
        }
        return 0;
    }

    /** One line for a person. */
    static String line(JsonNode position) {
        String state = position.path("enabled").asBoolean() ? "on" : "off";
        if (!position.path("known").asBoolean()) {
            return "small models are off: the database cannot be asked whether they may answer";
        }
        return position.path("at").isNull()
                ? "small models are " + state
                : "small models are " + state + ", by " + position.path("actor").asText() + " since "
                        + position.path("at").asText();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
