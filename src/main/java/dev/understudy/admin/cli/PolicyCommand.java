package dev.understudy.admin.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.admin.Explaining;
import dev.understudy.inspect.Inspector;
import dev.understudy.inspect.SessionBook;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.SlmSwitch;
import dev.understudy.learn.AdapterBook;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import dev.understudy.openai.ApiFailure;
import dev.understudy.policy.PolicyLoader;
import dev.understudy.policy.PolicySet;
import dev.understudy.policy.Problem;
import dev.understudy.policy.Trials;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
        throw new ParameterException(spec.commandLine(), "validate, test or explain?");
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
        String verdict = loaded.set() == null
                ? "not usable"
                : "usable, revision " + loaded.revision().substring(0, 12);
        out().println(loaded.count() + ": " + verdict);
        if (loaded.set() == null) {
            return BROKEN;
        }
        return strict && loaded.warnings() > 0 ? WARNED : 0;
    }

    @Command(
            name = "test",
            mixinStandardHelpOptions = true,
            description = "Runs the test cases of the files; needs no running gateway.",
            exitCodeListHeading = "Exit status:%n",
            exitCodeList = {"0:all passed", "1:a case failed, or the files are broken"})
    int test(
            @Parameters(arity = "0..1", paramLabel = "DIR", description = "another folder than the gateway's") @Nullable
                    Path folder) {
        PolicyLoader.Loaded loaded = PolicyLoader.ofProcess().load(folder == null ? settings.policies() : folder);
        loaded.problems().stream()
                .filter(problem -> problem.isError() || problem.code() == Problem.Code.UNTESTED)
                .forEach(out()::println);
        Trials.Run run = loaded.tests();
        out().println(run.cases() + " cases, " + run.failed() + " failed; " + run.reached() + " of " + run.rules()
                + " rules decide one");
        return loaded.set() == null ? BROKEN : 0;
    }

    @Command(
            name = "explain",
            mixinStandardHelpOptions = true,
            description = {
                "Says what would become of a request, and which key keeps each rule from holding.",
                "Asks the running gateway, which knows its tasks; with --dir, or when none runs, looks at the files alone."
            })
    int explain(
            @Option(
                            names = "--request",
                            required = true,
                            paramLabel = "FILE",
                            description = "a chat completion request")
                    Path file,
            @Option(names = "--team", description = "who asks (anonymous callers)") @Nullable String team,
            @Option(names = "--app", description = "which app of the team") @Nullable String app,
            @Option(names = "--own-key", description = "the caller sends a key for the provider") boolean ownKey,
            @Option(names = "--dir", description = "look at these policy files") @Nullable Path folder)
            throws CommandFailure {
        JsonNode request = request(file);
        if (folder == null) {
            try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
                if (door.isThere()) {
                    ObjectNode question = JsonNodeFactory.instance.objectNode();
                    question.set("request", request);
                    question.put("team", team).put("app", app).put("ownKey", ownKey);
                    door.post("/api/policy/explain", question)
                            .path("lines")
                            .forEach(line -> out().println(line.asText()));
                    return 0;
                }
            }
        }
        Path files = folder == null ? settings.policies() : folder;
        PolicyLoader.Loaded loaded = PolicyLoader.ofProcess().load(files);
        PolicySet set = loaded.set();
        if (set == null) {
            loaded.problems().forEach(out()::println);
            throw new CommandFailure("the policies in " + files + " cannot be used: " + loaded.count());
        }
        explainAlone(set, request, team, app, ownKey);
        return 0;
    }

    /** Without a gateway all models count as ready, and the only tasks are those of the adapters that come along. */
    private void explainAlone(
            PolicySet set, JsonNode request, @Nullable String team, @Nullable String app, boolean ownKey)
            throws CommandFailure {
        SiteKeys keys = new SiteKeys(new byte[32]);
        Inspector inspector = new Inspector(
                new AdapterBook(keys),
                SessionBook.EMPTY,
                SlmSwitch.ON,
                keys,
                new OwnerMarks(new byte[32]),
                new SimpleMeterRegistry());
        try {
            new Explaining(inspector, set, model -> Readiness.READY)
                    .explain(request, team, app, Map.of(), ownKey)
                    .lines()
                    .forEach(out()::println);
            out().println("no gateway was asked: tasks are those of adapters, models count as ready");
        } catch (ApiFailure e) {
            throw new CommandFailure(e.message());
        }
    }

    private static JsonNode request(Path file) throws CommandFailure {
        try {
            return new ObjectMapper().readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new CommandFailure("the request in " + file + " is no JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new CommandFailure("cannot read " + file + ": " + e.getClass().getSimpleName());
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
