package dev.understudy.admin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.demo.DemoErrand;
import dev.understudy.demo.DemoTally;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DemoReportTest {

    private static final DemoTally TALLY = new DemoTally(
            10,
            0,
            Map.of("demo-slm", 4, "demo-llm", 6),
            Map.of(
                    DemoErrand.TOOLS, new DemoTally.Errand(Map.of("demo-slm", 4), 4, 3),
                    DemoErrand.REPLY, new DemoTally.Errand(Map.of("demo-llm", 6), 0, 0)),
            List.of());

    @Test
    void equalCountsRaiseNoComplaint() {
        assertThat(report(Map.of("slm", 4L, "llm", 6L), 6, 0).complaints()).isEmpty();
    }

    @Test
    void aMissingRowIsNoticed() {
        assertThat(report(Map.of("slm", 3L, "llm", 6L), 6, 0).complaints())
                .containsExactly("the agent made 10 calls, the gateway has 9 rows");
    }

    @Test
    void aRowOfTheWrongTierIsNoticed() {
        assertThat(report(Map.of("slm", 5L, "llm", 5L), 6, 1).complaints())
                .containsExactly(
                        "the gateway has 5 rows of tier llm, the scripted upstream answered 6",
                        "the scripted upstream left 1 requests without an answer");
    }

    @Test
    void theTableSaysWhoServedAndHowWell() {
        var out = new StringWriter();

        report(Map.of("slm", 4L, "llm", 6L), 6, 0).print(new PrintWriter(out, true));

        assertThat(out.toString().lines().filter(line -> !line.isBlank()).map(String::stripTrailing))
                .containsExactly(
                        "errand           demo-llm   demo-slm  right, against the truth",
                        "demo-tools                         4  3 of 4 (75.0 %)",
                        "demo-reply              6",
                        "                               slm     llm     all",
                        "rows of the gateway              4       6      10",
                        "scripted upstream                        6",
                        "calls of the agent                              10");
    }

    private static DemoReport report(Map<String, Long> byTier, long answered, long notAnswered) {
        return new DemoReport(TALLY, new DemoCounts.Gateway(byTier), new DemoCounts.Upstream(answered, notAnswered));
    }
}
