package dev.understudy.admin.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code usage}: what the calls of the last hours cost, and what they would have cost. */
@Command(
        name = "usage",
        mixinStandardHelpOptions = true,
        description = {
            "Prints calls, tokens, cost, baseline and p95 of the running gateway.",
            "baseline: what the baseline model would have cost; net saved: baseline less cost of the calls that have one,",
            "less learning. Calls without a price are in no sum of money, and counted as unpriced."
        })
final class UsageCommand implements Callable<Integer> {
    private static final List<String> METRICS = List.of(
            "calls",
            "inputTokens",
            "outputTokens",
            "cost",
            "baseline",
            "p95Latency",
            "saved",
            "learning",
            "errors",
            "denied");

    private final CliSettings settings;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before call()
    private CommandSpec spec;

    @Option(
            names = "--since",
            defaultValue = "24h",
            paramLabel = "TIME",
            description = "how long ago (30m, 24h, 7d), or a time such as 2026-11-24T10:00:00Z (${DEFAULT-VALUE})")
    private String since = "24h";

    @Option(
            names = "--by",
            defaultValue = "tier",
            paramLabel = "GROUP",
            description = "tier, model, task, team, app, kind, phase, rule, hour or day (${DEFAULT-VALUE})")
    private String by = "tier";

    @Option(names = "--format", defaultValue = "table", description = "table, csv or json (${DEFAULT-VALUE})")
    private Format format = Format.TABLE;

    /** The forms of the answer. */
    enum Format {
        TABLE,
        CSV,
        JSON
    }

    UsageCommand(CliSettings settings) {
        this.settings = settings;
    }

    @Override
    public Integer call() throws CommandFailure {
        PrintWriter out = spec.commandLine().getOut();
        ObjectNode question = JsonNodeFactory.instance.objectNode();
        METRICS.forEach(question.putArray("metrics")::add);
        question.putArray("groupBy").add(by);
        question.put("from", since);
        question.put("format", format == Format.CSV ? "csv" : "json");
        try (PeopleDoorClient door = new PeopleDoorClient(settings)) {
            switch (format) {
                case CSV -> out.print(door.postText("/api/analytics/query", question));
                case JSON ->
                    out.println(door.post("/api/analytics/query", question).toPrettyString());
                case TABLE -> {
                    JsonNode answer = door.post("/api/analytics/query", question);
                    new UsageReport(by, answer).print(out);
                }
            }
        }
        out.flush();
        return ExitCode.OK;
    }
}
