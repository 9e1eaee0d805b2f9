package dev.understudy.usage;

import java.util.Arrays;
import java.util.Optional;

/** What figures can be grouped and filtered by. All values are text; {@code -} stands for none. */
public enum Dimension {
    MINUTE("minute", time("minute", "YYYY-MM-DD\"T\"HH24:MI:00\"Z\""), false, true, false),
    HOUR("hour", time("hour", "YYYY-MM-DD\"T\"HH24:00:00\"Z\""), true, false, true),
    DAY("day", time("day", "YYYY-MM-DD"), true, false, true),
    TEAM("team", "b.team", true, false, false),
    APP("app", "b.app", true, false, false),
    MODEL("model", "b.model", true, false, true),
    TIER("tier", "b.tier", true, false, true),
    TASK("task", "coalesce(a.name, t.name, b.named, b.site)", true, false, false),
    KIND("kind", "b.kind", true, true, false),
    PHASE("phase", "b.phase", true, false, false),
    RULE("rule", "b.rule", true, false, false),
    API_KEY("api_key", "b.key", false, true, false);

    private final String wire;
    private final String expression;
    private final boolean offered;
    private final boolean onlyInRows;
    private final boolean inHistograms;

    Dimension(String wire, String expression, boolean offered, boolean onlyInRows, boolean inHistograms) {
        this.wire = wire;
        this.expression = expression;
        this.offered = offered;
        this.onlyInRows = onlyInRows;
        this.inHistograms = inHistograms;
    }

    private static String time(String unit, String form) {
        return "to_char(date_trunc('" + unit + "', b.at, 'UTC') at time zone 'UTC', '" + form + "')";
    }

    /** The name in questions and answers. */
    public String wire() {
        return wire;
    }

    /** Whether people may ask for it; the others serve the shapes of OpenAI. */
    public boolean offered() {
        return offered;
    }

    /** The dimension that people know by this name. */
    public static Optional<Dimension> named(String name) {
        return Arrays.stream(values())
                .filter(d -> d.offered && d.wire.equals(name))
                .findFirst();
    }

    /** Its value in the query of {@link UsageSql}. */
    String expression() {
        return expression;
    }

    /** Whether roll-ups lack it. */
    boolean onlyInRows() {
        return onlyInRows;
    }

    /** Whether the roll-ups of durations have it. */
    boolean inHistograms() {
        return inHistograms;
    }

    /** Whether it is a stretch of time. */
    boolean isTime() {
        return this == MINUTE || this == HOUR || this == DAY;
    }
}
