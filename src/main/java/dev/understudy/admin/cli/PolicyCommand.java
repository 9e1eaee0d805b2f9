package dev.understudy.admin.cli;

import dev.understudy.policy.PolicyLoader;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code policy}: whether the policy files are sound, and what they would do with a request. */
@Command(
        name = "policy",
        mixinStandardHelpOptions = true,
        description = "Checks the policy files and shows what they would do with a request.")
final class PolicyCommand implements Runnable {
    private static final int BROKEN = 1;
    private static final int WARNED = 2;

    private final CliSettings settings;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before any method is called
    private CommandSpec spec;

    PolicyCommand(CliSettings settings) {
        this.settings = settings;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "validate or explain?");
    }

    @Command(
            name = "validate",
            mixinStandardHelpOptions = true,
            description = "Reports every problem of the files at once; needs no running gateway.",
            exitCodeListHeading = "Exit status:%n",
            exitCodeList = {"0:sound", "1:errors", "2:warnings, with --strict"})
    int validate(
            @Parameters(arity = "0..1", paramLabel = "DIR", description = "another folder than the gateway's") @Nullable
                    Path folder,
            @Option(names = "--strict", description = "warnings count too") boolean strict) {
        PolicyLoader.Loaded loaded = PolicyLoader.ofProcess().load(folder == null ? settings.policies() : folder);
        loaded.problems().forEach(out()::println);
        String verdict = loaded.set() == null ? "not usable" : "usable, revision " + loaded.revision().substring(0, 12);
        out().println(loaded.count() + ": " + verdict);
        if (loaded.set() == null) {
            return BROKEN;
        }
        return strict && loaded.warnings() > 0 ? WARNED : 0;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
