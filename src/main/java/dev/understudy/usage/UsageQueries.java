package dev.understudy.usage;

import dev.understudy.policy.PolicyStore;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Answers questions on usage: from rows where the range is short or only rows know, else from the roll-ups. */
@Singleton
public final class UsageQueries {
    private final Pool pool;
    private final PolicyStore policies;
    private final InstantSource clock;

    UsageQueries(Pool pool, PolicyStore policies, InstantSource clock) {
        this.pool = pool;
        this.policies = policies;
        this.clock = clock;
    }

    /** Answers a question. */
    public Uni<UsageAnswer> ask(UsageQuestion question) {
        Instant now = clock.instant();
        boolean hourly = question.groupBy().contains(Dimension.HOUR)
                || question.filters().containsKey(Dimension.HOUR);
        List<Segment> segments = Segment.cut(
                question.from(), question.to(), now, dimensions(question).anyMatch(Dimension::onlyInRows), hourly);
        UsageSql sums = UsageSql.sums(question, segments);
        Uni<Map<List<String>, UsageSums>> groups =
                pool.preparedQuery(sums.text()).execute(sums.parameters()).map(rows -> sums(question, rows));
        Uni<Map<List<String>, Map<Metric, BigDecimal>>> percentiles = percentiles(question, now, hourly);
        return groups.chain(found -> percentiles.chain(times -> dirty(segments)
                .map(earliest -> answer(question, found, times, tables(segments), earliest.orElse(now)))));
    }

    private static Stream<Dimension> dimensions(UsageQuestion question) {
        return Stream.concat(question.groupBy().stream(), question.filters().keySet().stream());
    }

    private static Map<List<String>, UsageSums> sums(UsageQuestion question, RowSet<Row> rows) {
        Map<List<String>, UsageSums> groups = new LinkedHashMap<>();
        for (Row row : rows) {
            UsageSums sums = UsageSums.of(row);
            if (sums.calls() > 0) {
                groups.put(keys(question, row), sums);
            }
        }
        return groups;
    }

    private static List<String> keys(UsageQuestion question, Row row) {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < question.groupBy().size(); i++) {
            keys.add(row.getString(i));
        }
        return keys;
    }

    private Uni<Map<List<String>, Map<Metric, BigDecimal>>> percentiles(
            UsageQuestion question, Instant now, boolean hourly) {
        boolean rowsOnly = !dimensions(question).allMatch(Dimension::inHistograms);
        List<Segment> segments = Segment.cut(question.from(), question.to(), now, rowsOnly, hourly);
        Map<List<String>, Map<Metric, BigDecimal>> all = new HashMap<>();
        Uni<Void> done = Uni.createFrom().voidItem();
        for (Metric.Span span : Metric.Span.values()) {
            List<Metric> asked =
                    question.metrics().stream().filter(m -> m.span() == span).toList();
            if (asked.isEmpty()) {
                continue;
            }
            UsageSql sql = UsageSql.percentiles(question, span, segments);
            done = done.chain(() -> pool.preparedQuery(sql.text()).execute(sql.parameters()))
                    .invoke(rows -> {
                        for (Row row : rows) {
                            Map<Metric, BigDecimal> values =
                                    all.computeIfAbsent(keys(question, row), keys -> new EnumMap<>(Metric.class));
                            for (Metric metric : asked) {
                                Integer bucket = row.getInteger("p" + metric.percent());
                                if (bucket != null) {
                                    values.put(metric, micros(bucket));
                                }
                            }
                        }
                    })
                    .replaceWithVoid();
        }
        return done.map(nothing -> all);
    }

    /** The middle of a bucket. */
    private static BigDecimal micros(int bucket) {
        return BigDecimal.valueOf(Math.round(Math.pow(2, (bucket + 0.5) / 32)));
    }

    /** The earliest hour of the roll-ups read that has changed since it was rolled up. */
    private Uni<java.util.Optional<Instant>> dirty(List<Segment> segments) {
        Uni<java.util.Optional<Instant>> earliest = Uni.createFrom().item(java.util.Optional.empty());
        for (Segment segment : segments) {
            if (segment.source() == Segment.Source.ROWS) {
                continue;
            }
            earliest = earliest.chain(before -> before.isPresent()
                    ? Uni.createFrom().item(before)
                    : pool.preparedQuery("select min(hour) from understudy.rollup_dirty where hour >= $1 and hour < $2")
                            .execute(Tuple.of(
                                    segment.from().atOffset(ZoneOffset.UTC),
                                    segment.to().atOffset(ZoneOffset.UTC)))
                            .map(rows -> java.util.Optional.ofNullable(
                                            rows.iterator().next().getOffsetDateTime(0))
                                    .map(OffsetDateTime::toInstant)));
        }
        return earliest;
    }

    private static List<String> tables(List<Segment> segments) {
        Set<String> tables = new LinkedHashSet<>();
        for (Segment segment : segments) {
            tables.add(
                    switch (segment.source()) {
                        case ROWS -> "interaction";
                        case HOURS -> "usage_hour";
                        case DAYS -> "usage_day";
                    });
        }
        return List.copyOf(tables);
    }

    private UsageAnswer answer(
            UsageQuestion question,
            Map<List<String>, UsageSums> groups,
            Map<List<String>, Map<Metric, BigDecimal>> percentiles,
            List<String> tables,
            Instant asOf) {
        List<UsageAnswer.Line> lines = new ArrayList<>();
        UsageSums total = UsageSums.NONE;
        for (Map.Entry<List<String>, UsageSums> group : groups.entrySet()) {
            total = total.plus(group.getValue());
            lines.add(new UsageAnswer.Line(
                    group.getKey(), false, group.getValue(), percentiles.getOrDefault(group.getKey(), Map.of())));
        }
        lines.sort(order(question));
        if (lines.size() > question.limit()) {
            List<UsageAnswer.Line> rest = lines.subList(question.limit(), lines.size());
            UsageSums other = UsageSums.NONE;
            for (UsageAnswer.Line line : rest) {
                other = other.plus(line.sums());
            }
            rest.clear();
            lines.add(new UsageAnswer.Line(
                    question.groupBy().stream().map(d -> "other").toList(), true, other, Map.of()));
        }
        String currency = policies.current().catalogue().currency();
        return new UsageAnswer(question, lines, total, tables, asOf, currency);
    }

    private static Comparator<UsageAnswer.Line> order(UsageQuestion question) {
        UsageQuestion.Order order = question.order();
        Comparator<UsageAnswer.Line> byKeys = Comparator.comparing(line -> String.join("\u0000", line.keys()));
        if (order == null) {
            boolean overTime = !question.groupBy().isEmpty()
                    && question.groupBy().getFirst().isTime();
            return overTime ? byKeys : by(question.metrics().getFirst(), true).thenComparing(byKeys);
        }
        if (order.dimension() != null) {
            int at = question.groupBy().indexOf(order.dimension());
            Comparator<UsageAnswer.Line> byKey =
                    Comparator.comparing(line -> line.keys().get(at));
            return (order.descending() ? byKey.reversed() : byKey).thenComparing(byKeys);
        }
        Metric metric = order.metric() == null ? question.metrics().getFirst() : order.metric();
        return by(metric, order.descending()).thenComparing(byKeys);
    }

    private static Comparator<UsageAnswer.Line> by(Metric metric, boolean descending) {
        Comparator<BigDecimal> values = descending ? Comparator.reverseOrder() : Comparator.naturalOrder();
        return Comparator.comparing(line -> line.value(metric), Comparator.nullsLast(values));
    }
}
