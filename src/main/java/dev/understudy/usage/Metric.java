package dev.understudy.usage;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can be asked for. Sums of money leave out what is not priced; {@code unpriced} says how many calls that were. */
public enum Metric {
    CALLS("calls", "calls", "calls"),
    ERRORS("errors", "calls", "calls that failed"),
    DENIED("denied", "calls", "calls that were denied"),
    ESCALATIONS("escalations", "calls", "calls that the large model answered after the small one's try"),
    SLM_SHARE("slmShare", "share", "part of the calls that the small model answered"),
    INPUT_TOKENS("inputTokens", "tokens", "prompt tokens of all tries, cached ones included"),
    CACHED_TOKENS("cachedTokens", "tokens", "prompt tokens that were not evaluated again"),
    OUTPUT_TOKENS("outputTokens", "tokens", "answer tokens of all tries"),
    COST("cost", "currency", "cost of the tries that served callers"),
    LEARNING("learning", "currency", "cost of mirrors and judges"),
    BASELINE("baseline", "currency", "what the baseline model would have cost for the same priced calls"),
    SAVED("saved", "currency", "baseline less the cost of the calls that have one, less learning"),
    UNPRICED("unpriced", "calls", "calls without a price"),
    ESTIMATED("estimated", "calls", "calls whose tokens are estimated"),
    P50_LATENCY("p50Latency", "us", "time until the answer was over, median", Span.LATENCY, 50),
    P95_LATENCY("p95Latency", "us", "the same, 95th percentile", Span.LATENCY, 95),
    P99_LATENCY("p99Latency", "us", "the same, 99th percentile", Span.LATENCY, 99),
    P50_TTFT("p50Ttft", "us", "time until content first left, median", Span.TTFT, 50),
    P95_TTFT("p95Ttft", "us", "the same, 95th percentile", Span.TTFT, 95),
    P99_TTFT("p99Ttft", "us", "the same, 99th percentile", Span.TTFT, 99),
    P50_OVERHEAD("p50Overhead", "us", "our own time before the first target was asked, median", Span.OVERHEAD, 50),
    P95_OVERHEAD("p95Overhead", "us", "the same, 95th percentile", Span.OVERHEAD, 95),
    P99_OVERHEAD("p99Overhead", "us", "the same, 99th percentile", Span.OVERHEAD, 99);

    /** A duration that is measured of each call. */
    enum Span {
        LATENCY("latency", "latency_us"),
        TTFT("ttft", "ttft_us"),
        OVERHEAD("overhead", "overhead_us");

        private final String wire;
        private final String column;

        Span(String wire, String column) {
            this.wire = wire;
            this.column = column;
        }

        /** The name in roll-ups. */
        String wire() {
            return wire;
        }

        /** The column in rows. */
        String column() {
            return column;
        }
    }

    private final String wire;
    private final String unit;
    private final String meaning;
    private final @Nullable Span span;
    private final int percent;

    Metric(String wire, String unit, String meaning) {
        this(wire, unit, meaning, null, 0);
    }

    Metric(String wire, String unit, String meaning, @Nullable Span span, int percent) {
        this.wire = wire;
        this.unit = unit;
        this.meaning = meaning;
        this.span = span;
        this.percent = percent;
    }

    /** The name in questions and answers. */
    public String wire() {
        return wire;
    }

    /** {@code calls}, {@code tokens}, {@code share} (0 to 1), {@code currency} or {@code us} (microseconds). */
    public String unit() {
        return unit;
    }

    /** What it counts, for people. */
    public String meaning() {
        return meaning;
    }

    /** The metric of this name. */
    public static Optional<Metric> named(String name) {
        return Arrays.stream(values()).filter(m -> m.wire.equals(name)).findFirst();
    }

    /** The duration whose percentile it is; null for sums. */
    @Nullable
    Span span() {
        return span;
    }

    /** Which percentile it is. */
    int percent() {
        return percent;
    }
}
