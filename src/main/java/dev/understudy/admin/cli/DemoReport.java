package dev.understudy.admin.cli;

import dev.understudy.demo.DemoErrand;
import dev.understudy.demo.DemoTally;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * The end of a demo run: who did which errand and how well, and three counts that must agree.
 *
 * @param tally the agent's view
 * @param rows the gateway's rows
 * @param upstream what reached the scripted upstream
 */
record DemoReport(DemoTally tally, DemoCounts.Gateway rows, DemoCounts.Upstream upstream) {

    private static final String LLM = "llm";
    private static final double PERCENT = 100;

    /** What does not agree, one line each; empty when the run was good. */
    List<String> complaints() {
        List<String> complaints = new ArrayList<>();
        if (tally.failed() > 0) {
            complaints.add(tally.failed() + " calls failed");
            tally.failures().forEach(told -> complaints.add("  such as: " + told));
        }
        if (rows.calls() != tally.calls()) {
            complaints.add("the agent made %d calls, the gateway has %d rows".formatted(tally.calls(), rows.calls()));
        }
        if (rows.tier(LLM) != upstream.answered()) {
            complaints.add("the gateway has %d rows of tier llm, the scripted upstream answered %d"
                    .formatted(rows.tier(LLM), upstream.answered()));
        }
        if (upstream.notAnswered() > 0) {
            complaints.add(
                    "the scripted upstream left %d requests without an answer".formatted(upstream.notAnswered()));
        }
        return complaints;
    }

    void print(PrintWriter out) {
        var models = new ArrayList<>(new TreeSet<>(tally.served().keySet()));
        var line = new StringBuilder("\n%-14s".formatted("errand"));
        models.forEach(model -> line.append("%11s".formatted(model)));
        out.println(line.append("  right, against the truth"));
        for (DemoErrand errand : DemoErrand.values()) {
            DemoTally.Errand done = tally.errands().get(errand);
            if (done != null) {
                out.println(line(errand, done, models));
            }
        }
        out.println();
        out.printf(Locale.ROOT, "%-26s%8s%8s%8s%n", "", "slm", LLM, "all");
        out.printf(
                Locale.ROOT, "%-26s%8d%8d%8d%n", "rows of the gateway", rows.tier("slm"), rows.tier(LLM), rows.calls());
        out.printf(Locale.ROOT, "%-26s%8s%8d%n", "scripted upstream", "", upstream.answered());
        out.printf(Locale.ROOT, "%-26s%8s%8s%8d%n", "calls of the agent", "", "", tally.calls());
    }

    private static String line(DemoErrand errand, DemoTally.Errand done, List<String> models) {
        var line = new StringBuilder("%-14s".formatted(errand.wire()));
        for (String model : models) {
            int served = done.served().getOrDefault(model, 0);
            line.append("%11s".formatted(served == 0 ? "" : Integer.toString(served)));
        }
        if (done.checked() > 0) {
            line.append(String.format(
                    Locale.ROOT,
                    "  %d of %d (%.1f %%)",
                    done.right(),
                    done.checked(),
                    PERCENT * done.right() / done.checked()));
        }
        return line.toString();
    }
}
