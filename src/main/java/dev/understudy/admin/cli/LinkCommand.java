package dev.understudy.admin.cli;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code link}: the address of the page, with the token that opens it. */
@Command(
        name = "link",
        mixinStandardHelpOptions = true,
        description = {
            "Prints the address of the web page with the admin token in it.",
            "Whoever has it may see and do everything: show it to nobody else."
        })
final class LinkCommand implements Callable<Integer> {

    private final CliSettings settings;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    LinkCommand(CliSettings settings) {
        this.settings = settings;
    }

    @Override
    public Integer call() throws CommandFailure {
        try {
            String token = DataFolder.open(settings.data()).adminToken();
            spec.commandLine().getOut().println(settings.people() + "/#token=" + token);
            return ExitCode.OK;
        } catch (StoreFailure e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        }
    }
}
