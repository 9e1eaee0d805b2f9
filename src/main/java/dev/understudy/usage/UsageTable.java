package dev.understudy.usage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes answers as JSON and as CSV. */
public final class UsageTable {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private UsageTable() {}

    /** The answer with its range, tables, freshness and totals. */
    public static ObjectNode json(UsageAnswer answer) {
        UsageQuestion question = answer.question();
        ObjectNode json = JSON.objectNode();
        json.put("from", question.from().toString());
        json.put("to", question.to().toString());
        json.put("currency", answer.currency());
        ArrayNode rows = json.putArray("rows");
        for (UsageAnswer.Line line : answer.lines()) {
            ObjectNode row = rows.addObject();
            for (int i = 0; i < question.groupBy().size(); i++) {
                row.put(question.groupBy().get(i).wire(), line.keys().get(i));
            }
            if (line.other()) {
                row.put("other", true);
            }
            for (Metric metric : question.metrics()) {
                put(row, metric, line.value(metric));
            }
        }
        ObjectNode total = json.putObject("total");
        for (Metric metric : question.metrics()) {
            if (metric.span() == null) {
                put(total, metric, answer.total().value(metric));
            }
        }
        json.put("unpriced", answer.total().unpriced());
        ArrayNode tables = json.putArray("tables");
        answer.tables().forEach(tables::add);
        json.put("asOf", answer.asOf().toString());
        return json;
    }

    private static void put(ObjectNode row, Metric metric, @Nullable BigDecimal value) {
        if (value == null) {
            row.putNull(metric.wire());
        } else {
            row.set(metric.wire(), JSON.numberNode(plain(value)));
        }
    }

    /** Without trailing zeros, and without an exponent either: 1E+2 is JSON, but not what a reader of counts expects. */
    static BigDecimal plain(BigDecimal value) {
        BigDecimal bare = value.stripTrailingZeros();
        return bare.scale() < 0 ? bare.setScale(0) : bare;
    }

    /** A line of names, then a line a group; RFC 4180. */
    public static String csv(UsageAnswer answer) {
        UsageQuestion question = answer.question();
        StringBuilder csv = new StringBuilder();
        List<String> head = new ArrayList<>();
        question.groupBy().forEach(dimension -> head.add(dimension.wire()));
        question.metrics().forEach(metric -> head.add(metric.wire()));
        csv.append(String.join(",", head)).append("\r\n");
        for (UsageAnswer.Line line : answer.lines()) {
            List<String> cells = new ArrayList<>();
            line.keys().forEach(key -> cells.add(cell(key)));
            for (Metric metric : question.metrics()) {
                BigDecimal value = line.value(metric);
                cells.add(value == null ? "" : value.stripTrailingZeros().toPlainString());
            }
            csv.append(String.join(",", cells)).append("\r\n");
        }
        return csv.toString();
    }

    /** A name that a spreadsheet would take for a formula gets an apostrophe; the sign for none is no formula. */
    private static String cell(String text) {
        boolean formula = text.length() > 1 && "=+-@\t\r".indexOf(text.charAt(0)) >= 0;
        String plain = formula ? "'" + text : text;
        return plain.matches("[^\",\r\n]*") ? plain : "\"" + plain.replace("\"", "\"\"") + "\"";
    }
}
