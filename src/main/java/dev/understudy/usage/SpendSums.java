package dev.understudy.usage;

import dev.understudy.access.SpendStore;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/**
 * What apps have spent, for their budgets. Whole hours come from the roll-ups; hours that changed since they were rolled
 * up, and those of which a part counts only, from the calls themselves.
 */
@Singleton
final class SpendSums implements SpendStore {
    private static final String SPENT = """
            with fresh as (
              select distinct date_trunc('hour', hour, 'UTC') h from understudy.rollup_dirty
              union select date_trunc('hour', $1::timestamptz, 'UTC')
              union select date_trunc('hour', $2::timestamptz, 'UTC')),
            spans as (
              select greatest(h, $1) a, least(h + interval '1 hour', $2) b from fresh
              where h < $2 and h + interval '1 hour' > $1)
            select team, app, sum(cost) cost from (
              select team, app, cost from understudy.usage_hour
                where at >= $1 and at < $2 and at not in (select h from fresh)
              union all select team, app, cost from spans join understudy.interaction on ts >= a and ts < b
              union all select team, app, cost from spans join understudy.usage_delta on ts >= a and ts < b) spent
            where cost is not null group by team, app""";

    private final Pool pool;

    SpendSums(Pool pool) {
        this.pool = pool;
    }

    @Override
    public Uni<List<Spent>> between(Instant from, Instant until) {
        return pool.preparedQuery(SPENT)
                .execute(Tuple.of(from.atOffset(ZoneOffset.UTC), until.atOffset(ZoneOffset.UTC)))
                .map(SpendSums::read);
    }

    private static List<Spent> read(RowSet<Row> rows) {
        List<Spent> spent = new ArrayList<>();
        for (Row row : rows) {
            spent.add(new Spent(row.getString("team"), row.getString("app"), row.getBigDecimal("cost")));
        }
        return spent;
    }
}
