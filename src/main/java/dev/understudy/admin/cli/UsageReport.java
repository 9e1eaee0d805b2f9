package dev.understudy.admin.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes an answer on usage as a table for people: a line a group, then one sentence. */
final class UsageReport {
    private static final List<String> HEADS = List.of("calls", "input", "output", "cost", "baseline", "p95");
    private static final BigDecimal CENT = new BigDecimal("0.01");

    private final String by;
    private final JsonNode answer;

    /** A report on an answer whose lines are grouped by {@code by}. */
    UsageReport(String by, JsonNode answer) {
        this.by = by;
        this.answer = answer;
    }

    void print(PrintWriter out) {
        if (answer.path("rows").isEmpty()) {
            out.println("no calls since " + answer.path("from").asText());
            return;
        }
        List<List<String>> lines = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of(by));
        head.addAll(HEADS);
        lines.add(head);
        for (JsonNode row : answer.path("rows")) {
            lines.add(List.of(
                    row.path(by).asText(),
                    grouped(row.path("calls")),
                    count(row.path("inputTokens")),
                    count(row.path("outputTokens")),
                    money(row.path("cost")),
                    money(row.path("baseline")),
                    time(row.path("p95Latency"))));
        }
        int[] widths = new int[head.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder(padRight(line.getFirst(), widths[0]));
            for (int i = 1; i < widths.length; i++) {
                text.append("  ")
                        .append(" ".repeat(widths[i] - line.get(i).length()))
                        .append(line.get(i));
            }
            out.println(text.toString().stripTrailing());
        }
        out.println(sentence());
    }

    private String sentence() {
        JsonNode total = answer.path("total");
        String currency = answer.path("currency").asText();
        String saved = total.path("saved").isNumber()
                ? "net saved " + money(total.path("saved")) + " " + currency + " (learning "
                        + (total.path("learning").isNumber() ? money(total.path("learning")) : "0.00") + ")"
                : "nothing to compare: no priced call has a baseline";
        return saved + "; " + grouped(total.path("errors")) + " failed, " + grouped(total.path("denied")) + " denied, "
                + grouped(answer.path("unpriced")) + " unpriced";
    }

    private static String padRight(String text, int width) {
        return text + " ".repeat(width - text.length());
    }

    private static String grouped(JsonNode number) {
        return String.format(Locale.ROOT, "%,d", number.asLong());
    }

    /** Tokens: whole up to 9,999, then in thousands and millions. */
    private static String count(JsonNode number) {
        double value = number.asDouble();
        if (value < 10_000) {
            return grouped(number);
        }
        return value < 1_000_000
                ? String.format(Locale.ROOT, "%.0fk", value / 1e3)
                : String.format(Locale.ROOT, "%.2fM", value / 1e6);
    }

    /** Money with two places; smaller sums with as many as show their first two digits; none where there is no price. */
    private static String money(JsonNode number) {
        if (!number.isNumber()) {
            return "\u2013";
        }
        BigDecimal amount = number.decimalValue();
        if (amount.signum() == 0 || amount.abs().compareTo(CENT) >= 0) {
            return String.format(Locale.ROOT, "%,.2f", amount.setScale(2, RoundingMode.HALF_UP));
        }
        int places = amount.scale() - amount.precision() + 2;
        return amount.setScale(places, RoundingMode.HALF_UP).toPlainString();
    }

    private static String time(JsonNode micros) {
        if (!micros.isNumber()) {
            return "\u2013";
        }
        double seconds = micros.asDouble() / 1e6;
        return seconds < 0.1
                ? String.format(Locale.ROOT, "%.0fms", seconds * 1e3)
                : String.format(Locale.ROOT, "%.1fs", seconds);
    }
}
