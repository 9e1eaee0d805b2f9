package dev.understudy.usage;

import io.vertx.mutiny.sqlclient.Tuple;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes the queries. Only texts of this room and numbers of parameters get into them; whatever came from outside travels
 * as a parameter. The inner query, {@code b}, is the same for all tables, so that a range may be put together of several.
 */
final class UsageSql {
    private static final String ROW_DIMENSIONS = """
            select ts at, team, app, coalesce(served_model, '-') model, tier, coalesce(site, '-') site,
             coalesce(phase, '-') phase, coalesce(rule, '-') rule, coalesce(kind, '-') kind, facts ->> 'task' named,
             coalesce(key_id::text, '-') key""";

    private static final String TASKS = """
             left join understudy.task t on t.team = b.team and t.site = b.site and t.phase = b.phase
             left join understudy.task a on a.team = t.team and a.site = t.alias_of and a.phase = t.phase""";

    private final List<Object> parameters = new ArrayList<>();
    private String text = "";

    private UsageSql() {}

    /** The query. */
    String text() {
        return text;
    }

    /** Its parameters. */
    Tuple parameters() {
        Tuple tuple = Tuple.tuple();
        parameters.forEach(tuple::addValue);
        return tuple;
    }

    /** Sums by group: columns {@code d1}, {@code d2}, ... and those of {@link UsageSums}. */
    static UsageSql sums(UsageQuestion question, List<Segment> segments) {
        UsageSql sql = new UsageSql();
        List<String> parts = new ArrayList<>();
        for (Segment segment : segments) {
            String from = sql.parameter(segment.from());
            String to = sql.parameter(segment.to());
            parts.add(
                    switch (segment.source()) {
                        case ROWS -> rows(from, to) + " union all " + sumsWithoutRows(from, to);
                        case HOURS -> rollup("usage_hour", from, to);
                        case DAYS -> rollup("usage_day", from, to);
                    });
        }
        sql.text = "select " + sql.groups(question) + """
                coalesce(sum(calls), 0)::int8 calls, coalesce(sum(errors), 0)::int8 errors,
                 coalesce(sum(denied), 0)::int8 denied, coalesce(sum(escalations), 0)::int8 escalations,
                 coalesce(sum(calls) filter (where b.tier = 'slm'), 0)::int8 slm, coalesce(sum(unpriced), 0)::int8 unpriced,
                 coalesce(sum(estimated), 0)::int8 estimated, coalesce(sum(input_tokens), 0)::int8 input_tokens,
                 coalesce(sum(cached_tokens), 0)::int8 cached_tokens, coalesce(sum(output_tokens), 0)::int8 output_tokens,
                 sum(cost) cost, sum(learning) learning, sum(baseline) baseline, sum(compared) compared
                """ + sql.from(question, parts) + grouped(question);
        return sql;
    }

    private static String rows(String from, String to) {
        return ROW_DIMENSIONS + """
                , 1 calls, (outcome = 'failed')::int errors, (outcome = 'denied')::int denied,
                 (escalation is not null)::int escalations, (cost is null and outcome <> 'denied')::int unpriced,
                 estimated::int estimated, input_tokens, cached_tokens, output_tokens, cost, l.learning,
                 case when cost is not null then baseline end baseline, case when baseline is not null then cost end compared
                 from understudy.interaction left join (select id, sum(cost) learning from understudy.attempt
                 where ts >= FROM and ts < TO and role in ('mirror', 'judge') group by id) l using (id)
                 where ts >= FROM and ts < TO""".replace("FROM", from).replace("TO", to);
    }

    private static String sumsWithoutRows(String from, String to) {
        return """
                select ts, team, app, model, tier, '-', '-', '-', '-', null, '-', calls, errors, denied, 0, unpriced, 0,
                 input_tokens, cached_tokens, output_tokens, cost, null, case when cost is not null then baseline end,
                 case when baseline is not null then cost end from understudy.usage_delta where ts >= FROM and ts < TO""".replace("FROM", from).replace("TO", to);
    }

    private static String rollup(String table, String from, String to) {
        return """
                select at, team, app, model, tier, site, phase, rule, '-' kind, null named, '-' key, calls, errors, denied,
                 escalations, unpriced, estimated, input_tokens, cached_tokens, output_tokens, cost, learning, baseline,
                 compared from understudy.TABLE where at >= FROM and at < TO""".replace("TABLE", table).replace("FROM", from).replace("TO", to);
    }

    /**
     * Percentiles by group, in buckets: columns {@code d1}, {@code d2}, ..., {@code p50}, {@code p95}, {@code p99}.
     * Durations are put into buckets of a thirty-second of a doubling; buckets add up, percentiles would not.
     */
    static UsageSql percentiles(UsageQuestion question, Metric.Span span, List<Segment> segments) {
        UsageSql sql = new UsageSql();
        String metric = sql.parameter(span.wire());
        List<String> parts = new ArrayList<>();
        for (Segment segment : segments) {
            String from = sql.parameter(segment.from());
            String to = sql.parameter(segment.to());
            parts.add(
                    switch (segment.source()) {
                        case ROWS -> durations(span, from, to);
                        case HOURS -> histogram("latency_hour", metric, from, to);
                        case DAYS -> histogram("latency_day", metric, from, to);
                    });
        }
        StringBuilder names = new StringBuilder();
        for (int i = 1; i <= question.groupBy().size(); i++) {
            names.append('d').append(i).append(", ");
        }
        String partition = names.isEmpty() ? "" : "partition by " + names.substring(0, names.length() - 2) + " ";
        sql.text = "with g as (select " + sql.groups(question) + "b.bucket, sum(n) n " + sql.from(question, parts)
                + (question.groupBy().isEmpty() ? " group by b.bucket" : grouped(question) + ", b.bucket")
                + "), r as (select g.*, sum(n) over (" + partition + "order by bucket) upto, sum(n) over ("
                + partition.strip() + ") whole from g) select " + names
                + "min(bucket) filter (where upto >= 0.50 * whole)::int p50,"
                + " min(bucket) filter (where upto >= 0.95 * whole)::int p95,"
                + " min(bucket) filter (where upto >= 0.99 * whole)::int p99 from r"
                // the metric's parameter has no other use where all comes from rows
                + " where " + metric + "::text is not null" + grouped(question);
        return sql;
    }

    private static String durations(Metric.Span span, String from, String to) {
        return ROW_DIMENSIONS
                + """
                , floor(ln(greatest(US, 1)) / ln(2) * 32)::int bucket, 1::int8 n
                 from understudy.interaction where ts >= FROM and ts < TO and US is not null""".replace("US", span.column()).replace("FROM", from).replace("TO", to);
    }

    private static String histogram(String table, String metric, String from, String to) {
        return """
                select at, '-' team, '-' app, model, tier, '-' site, '-' phase, '-' rule, '-' kind, null named, '-' key,
                 bucket::int, n from understudy.TABLE where at >= FROM and at < TO and metric = METRIC::text""".replace("TABLE", table)
                .replace("METRIC", metric)
                .replace("FROM", from)
                .replace("TO", to);
    }

    private String groups(UsageQuestion question) {
        StringBuilder groups = new StringBuilder();
        int number = 1;
        for (Dimension dimension : question.groupBy()) {
            groups.append(dimension.expression()).append(" d").append(number++).append(", ");
        }
        return groups.toString();
    }

    private String from(UsageQuestion question, List<String> parts) {
        boolean tasks = question.groupBy().contains(Dimension.TASK)
                || question.filters().containsKey(Dimension.TASK);
        StringBuilder from = new StringBuilder(" from (")
                .append(String.join(" union all ", parts))
                .append(") b");
        if (tasks) {
            from.append(' ').append(TASKS);
        }
        String and = " where ";
        for (Map.Entry<Dimension, List<String>> filter : question.filters().entrySet()) {
            from.append(and)
                    .append(filter.getKey().expression())
                    .append(" = any(")
                    .append(parameter(filter.getValue().toArray(String[]::new)))
                    .append("::text[])");
            and = " and ";
        }
        return from.toString();
    }

    private static String grouped(UsageQuestion question) {
        StringBuilder grouped = new StringBuilder();
        for (int i = 1; i <= question.groupBy().size(); i++) {
            grouped.append(i == 1 ? " group by " : ", ").append(i);
        }
        return grouped.toString();
    }

    private String parameter(Object value) {
        parameters.add(value instanceof Instant moment ? moment.atOffset(ZoneOffset.UTC) : value);
        return "$" + parameters.size() + (value instanceof Instant ? "::timestamptz" : "");
    }
}
