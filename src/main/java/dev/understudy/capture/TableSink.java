package dev.understudy.capture;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.SqlConnection;
import io.vertx.mutiny.sqlclient.Tuple;
import io.vertx.pgclient.PgException;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes batches to PostgreSQL: one transaction, one statement a table. */
@Singleton
final class TableSink implements BatchSink {
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int RUN_OF_CALL = 2;

    private final Pool pool;
    private final Partitions partitions;
    /** Number of this process among all that ever wrote; 0 until the first batch. */
    private volatile int run;

    TableSink(Pool pool, Partitions partitions) {
        this.pool = pool;
        this.partitions = partitions;
    }

    @Override
    public Uni<Void> store(CaptureBatch batch) {
        Uni<Void> ready = number();
        for (LocalDate day : days(batch)) {
            ready = ready.chain(() -> partitions.ensure(day));
        }
        return ready.chain(() -> pool.withTransaction(connection -> write(connection, batch)))
                .ifNoItem()
                .after(LONGEST)
                .fail()
                .onFailure(PgException.class)
                .transform(TableSink::refusal);
    }

    private Uni<Void> number() {
        if (run != 0) {
            return Uni.createFrom().voidItem();
        }
        return pool.query("select nextval('understudy.run_number')::int")
                .execute()
                .invoke(rows -> run = rows.iterator().next().getInteger(0))
                .replaceWithVoid();
    }

    private Uni<Void> write(SqlConnection connection, CaptureBatch batch) {
        List<Object[]> calls = new ArrayList<>();
        List<Object[]> attempts = new ArrayList<>();
        List<Object[]> bodies = new ArrayList<>();
        for (CallRows call : batch.calls()) {
            Object[] interaction = call.interaction();
            if (interaction != null) {
                interaction[RUN_OF_CALL] = run;
                calls.add(interaction);
            }
            attempts.addAll(call.attempts());
            bodies.addAll(call.bodies());
        }
        List<Object[]> sums = new ArrayList<>();
        for (CaptureBatch.Sum sum : batch.sums()) {
            sums.add(sum(sum));
        }
        return insert(connection, CallTable.INTERACTION, calls)
                .chain(() -> insert(connection, CallTable.ATTEMPT, attempts))
                .chain(() -> insert(connection, CallTable.BODY, bodies))
                .chain(() -> insert(connection, CallTable.USAGE_DELTA, sums))
                .chain(() -> mark(connection, batch));
    }

    private static Uni<Void> insert(SqlConnection connection, CallTable table, List<Object[]> rows) {
        if (rows.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return connection
                .preparedQuery(table.insert())
                .execute(table.columns(rows))
                .replaceWithVoid();
    }

    private static Uni<Void> mark(SqlConnection connection, CaptureBatch batch) {
        Set<OffsetDateTime> hours = new LinkedHashSet<>();
        for (Instant moment : moments(batch)) {
            hours.add(moment.truncatedTo(ChronoUnit.HOURS).atOffset(ZoneOffset.UTC));
        }
        return connection
                .preparedQuery("insert into rollup_dirty (hour) select unnest($1::timestamptz[])")
                .execute(Tuple.tuple().addValue(hours.toArray(OffsetDateTime[]::new)))
                .replaceWithVoid();
    }

    private Object[] sum(CaptureBatch.Sum stored) {
        UsageSum sum = stored.sum();
        UsageSum.Key key = sum.key();
        return new Object[] {
            stored.id(),
            sum.first().truncatedTo(ChronoUnit.MILLIS).atOffset(ZoneOffset.UTC),
            run,
            key.why().wire(),
            key.team(),
            key.app(),
            key.model(),
            key.tier(),
            sum.calls(),
            sum.errors(),
            sum.denied(),
            sum.unpriced(),
            sum.inputTokens(),
            sum.cachedTokens(),
            sum.outputTokens(),
            text(sum.cost()),
            text(sum.baseline())
        };
    }

    private static Set<LocalDate> days(CaptureBatch batch) {
        Set<LocalDate> days = new LinkedHashSet<>();
        for (Instant moment : moments(batch)) {
            days.add(moment.atOffset(ZoneOffset.UTC).toLocalDate());
        }
        return days;
    }

    private static List<Instant> moments(CaptureBatch batch) {
        List<Instant> moments = new ArrayList<>();
        batch.calls().forEach(call -> moments.add(call.ts()));
        batch.sums().forEach(sum -> moments.add(sum.sum().first()));
        return moments;
    }

    /** SQLSTATE classes 22 (data) and 23 (integrity) are a row's fault; all others the moment's. */
    private static Throwable refusal(Throwable failure) {
        String state = failure instanceof PgException refused ? refused.getSqlState() : null;
        return state != null && (state.startsWith("22") || state.startsWith("23")) ? new Refused(state) : failure;
    }

    private static @Nullable String text(@Nullable BigDecimal amount) {
        return amount == null ? null : amount.toPlainString();
    }
}
