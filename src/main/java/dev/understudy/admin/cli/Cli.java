package dev.understudy.admin.cli;

import java.io.PrintWriter;
import java.time.InstantSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * All commands but {@code run}, {@code setup} and {@code test}, which the launcher knows. Exit status: 0 done, 1 failed with one line on
 * standard error, 2 wrong usage.
 */
@Command(
        name = "understudy",
        mixinStandardHelpOptions = true,
        version = "understudy 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        description = "An OpenAI-compatible gateway in which a small model learns the errands of the large one.",
        footer = {
            "",
            "Also: run (serve), setup (fetch and build), test (check everything) [--quick]",
        })
public final class Cli implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before any method is called
    private CommandSpec spec;

    private Cli() {}

    /** All commands, ready to parse a line; a test may give it other writers. */
    public static CommandLine commandLine(CliSettings settings) {
        return new CommandLine(new Cli())
                .addSubcommand(new DemoCommand(settings, InstantSource.system()))
                .addSubcommand(new LinkCommand(settings))
                .addSubcommand(new KeyCommand(settings, InstantSource.system()))
                .addSubcommand(new PolicyCommand(settings))
                .addSubcommand(new SlmCommand(settings))
                .addSubcommand(new TrainCommand(settings, InstantSource.system()))
                .addSubcommand(new UsageCommand(settings))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(failure());
    }

    /** Runs one line of words and returns the exit status. */
    public static int execute(CliSettings settings, String... words) {
        return commandLine(settings).execute(words);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command?");
    }

    private static IExecutionExceptionHandler failure() {
        return (exception, line, parsed) -> {
            PrintWriter err = line.getErr();
            if (exception instanceof CommandFailure failure) {
                err.println("understudy: " + failure.getMessage());
            } else {
                err.println("understudy: " + line.getCommandName() + " failed unexpectedly: " + exception);
                exception.printStackTrace(err);
            }
            return ExitCode.SOFTWARE;
        };
    }
}
