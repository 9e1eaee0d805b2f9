package dev.understudy.admin.cli;

import dev.understudy.demo.DemoAgent;
import dev.understudy.demo.DemoTally;
import dev.understudy.demo.ScriptedPace;
import dev.understudy.demo.ScriptedUpstream;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.Console;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: a scripted large model and an agent with an inbox, through the running gateway; no key, no internet. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Plays an agent that works through a generated inbox, against the running gateway.",
            "Starts a scripted upstream on 127.0.0.1:8089 in place of a large model; it says that it is scripted.",
            "Ends with 1 if a call failed, or if the gateway and the scripted upstream count differently."
        })
final class DemoCommand implements Callable<Integer> {

    private final CliSettings settings;
    private final InstantSource clock;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Option(names = "--calls", defaultValue = "200", description = "calls to make (${DEFAULT-VALUE})")
    private int calls;

    @Option(names = "--concurrency", defaultValue = "4", description = "sessions at a time (${DEFAULT-VALUE})")
    private int concurrency;

    @Option(names = "--seed", defaultValue = "7", description = "of the inbox and the slips (${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--url", paramLabel = "URL", description = "agents' door, without /v1 (that of the settings)")
    private @Nullable URI url;

    @Option(names = "--upstream-only", description = "only serve the scripted upstream, until interrupted")
    private boolean upstreamOnly;

    @Option(
            names = "--upstream",
            paramLabel = "URL",
            description = "a scripted upstream that runs already, without /v1 (none: one is started)")
    private @Nullable URI upstreamUrl;

    @Option(
            names = "--upstream-port",
            paramLabel = "PORT",
            defaultValue = "" + ScriptedUpstream.PORT,
            description = "of the scripted upstream (${DEFAULT-VALUE}, which the starter policies name)")
    private int port;

    @Option(
            names = "--latency",
            paramLabel = "MS",
            defaultValue = "250",
            description = "of the scripted upstream, before its first byte (${DEFAULT-VALUE})")
    private int latencyMillis;

    @Option(
            names = "--pace",
            paramLabel = "TOKENS/S",
            defaultValue = "120",
            description = "of the scripted upstream, 0 for at once (${DEFAULT-VALUE})")
    private int tokensPerSecond;

    DemoCommand(CliSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        check();
        // Nothing is read from the class path, so no cache folder is needed in the system's temporary one.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        try {
            return upstreamOnly ? serveUpstream(vertx) : play(vertx);
        } finally {
            await(vertx.close());
        }
    }

    private void check() throws CommandFailure {
        if (calls < 1 || concurrency < 1) {
            throw new CommandFailure("--calls and --concurrency must be at least 1");
        }
        if (latencyMillis < 0 || tokensPerSecond < 0) {
            throw new CommandFailure("--latency and --pace must not be negative");
        }
    }

    private int serveUpstream(Vertx vertx) throws CommandFailure, InterruptedException {
        ScriptedUpstream upstream = start(vertx);
        PrintWriter out = spec.commandLine().getOut();
        out.println("scripted upstream on http://127.0.0.1:" + upstream.port()
                + "/v1 (no model answers here; counters at /stats)");
        out.flush();
        // Until a signal ends the JVM.
        new CountDownLatch(1).await();
        return ExitCode.OK;
    }

    private int play(Vertx vertx) throws CommandFailure, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        URI door = url == null ? settings.agents() : url;
        try (var people = new PeopleDoorClient(settings);
                var counts = new DemoCounts(people, upstream())) {
            people.get("/api/summary");
            DemoCounts.Upstream before = upstreamBefore(vertx, counts);
            out.printf("scripted upstream on %s: it stands in for a large model and says so%n", upstream());
            out.printf("inbox of seed %d: %d calls, %d sessions at a time, to %s%n", seed, calls, concurrency, door);
            out.flush();
            DemoReport report = run(vertx, door, counts, before);
            report.print(out);
            report.complaints().forEach(out::println);
            boolean good = report.complaints().isEmpty();
            out.println(good ? "the counts agree. Look at the calls: " + people.pageLink() : "NOT GOOD: see above");
            out.flush();
            return good ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private URI upstream() {
        return upstreamUrl == null ? URI.create("http://127.0.0.1:" + port) : upstreamUrl;
    }

    /** The counters at the beginning, of a scripted upstream that is there already or else of a new one. */
    private DemoCounts.Upstream upstreamBefore(Vertx vertx, DemoCounts counts)
            throws CommandFailure, InterruptedException {
        Optional<DemoCounts.Upstream> running = counts.upstream();
        if (running.isPresent()) {
            return running.get();
        }
        if (upstreamUrl != null) {
            throw new CommandFailure("no scripted upstream answers at " + upstreamUrl);
        }
        start(vertx);
        return new DemoCounts.Upstream(0, 0);
    }

    private DemoReport run(Vertx vertx, URI door, DemoCounts counts, DemoCounts.Upstream before)
            throws CommandFailure, InterruptedException {
        Instant began = clock.instant();
        var progress = new Progress(spec.commandLine().getOut(), "calls", calls, isTerminal());
        DemoTally tally =
                await(DemoAgent.run(vertx, new DemoAgent.Plan(door, calls, seed, concurrency), progress::show));
        progress.end();
        DemoCounts.Gateway rows =
                counts.gateway(began, tally.calls(), tally.served().keySet());
        DemoCounts.Upstream after =
                counts.upstream().orElseThrow(() -> new CommandFailure("the scripted upstream is gone"));
        return new DemoReport(tally, rows, after.since(before));
    }

    private ScriptedUpstream start(Vertx vertx) throws CommandFailure, InterruptedException {
        try {
            return await(
                    ScriptedUpstream.start(vertx, port, seed, new ScriptedPace(latencyMillis, tokensPerSecond), clock));
        } catch (CommandFailure e) {
            throw new CommandFailure(
                    "the scripted upstream cannot listen on 127.0.0.1:%d (%s): end the program that does"
                            .formatted(port, e.getMessage()));
        }
    }

    @SuppressWarnings("SystemConsoleNull") // the null check does not know that it no longer is
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    private static <T> T await(Future<T> future) throws CommandFailure, InterruptedException {
        try {
            return future.toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CommandFailure(String.valueOf(cause.getMessage()));
        }
    }
}
