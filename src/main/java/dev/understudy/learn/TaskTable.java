package dev.understudy.learn;

import dev.understudy.call.Phase;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.Outline;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** The rows of {@code understudy.task}. */
@Singleton
final class TaskTable implements TaskRows {
    private static final String ALL = """
            select team, site, phase, name, named_by, kind, bucket, lines, tools, first_seen,
                   (select count(*) from (select 1 from understudy.interaction i
                     where i.site = t.site and i.team = t.team and i.phase = t.phase limit 20) few)::int4 seen
              from understudy.task t where alias_of is null""";

    private static final String SAME_KEY = ALL + " and team = $1 and site = $2 and phase = $3";

    private static final String INSERT = """
            insert into understudy.task (team, site, phase, name, named_by, kind, bucket, lines, tools, first_seen)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict do nothing returning site""";

    private final Pool pool;

    TaskTable(Pool pool) {
        this.pool = pool;
    }

    @Override
    public Uni<List<TaskRow>> all() {
        return pool.query(ALL).execute().map(TaskTable::rows);
    }

    @Override
    public Uni<List<TaskRow>> sameKeys(List<TaskRow> rows) {
        List<Tuple> keys = new ArrayList<>();
        for (TaskRow row : rows) {
            keys.add(Tuple.of(row.team(), row.key().site(), row.key().phase().wire()));
        }
        return pool.preparedQuery(SAME_KEY).executeBatch(keys).map(TaskTable::rowsOfBatch);
    }

    @Override
    public Uni<List<TaskRow>> insert(List<TaskRow> rows) {
        List<Tuple> batch = new ArrayList<>();
        for (TaskRow row : rows) {
            batch.add(tuple(row));
        }
        return pool.preparedQuery(INSERT).executeBatch(batch).map(results -> refused(rows, results));
    }

    private static Tuple tuple(TaskRow row) {
        Tuple tuple = Tuple.tuple()
                .addString(row.team())
                .addString(row.key().site())
                .addString(row.key().phase().wire())
                .addString(row.name())
                .addString(row.namedBy())
                .addString(row.kind() == null ? null : row.kind().wire())
                .addString(row.bucket())
                .addArrayOfLong(row.site().outline().packed());
        return tuple.addJsonObject(row.tools())
                .addOffsetDateTime(OffsetDateTime.ofInstant(row.firstSeen(), ZoneOffset.UTC));
    }

    private static List<TaskRow> refused(List<TaskRow> rows, RowSet<Row> results) {
        List<TaskRow> refused = new ArrayList<>();
        RowSet<Row> result = results;
        for (TaskRow row : rows) {
            if (result == null || result.rowCount() == 0) {
                refused.add(row);
            }
            result = result == null ? null : result.next();
        }
        return refused;
    }

    private static List<TaskRow> rowsOfBatch(RowSet<Row> results) {
        List<TaskRow> all = new ArrayList<>();
        for (RowSet<Row> result = results; result != null; result = result.next()) {
            all.addAll(rows(result));
        }
        return all;
    }

    private static List<TaskRow> rows(RowSet<Row> rows) {
        List<TaskRow> read = new ArrayList<>();
        for (Row row : rows) {
            Phase phase = TaskLedger.phase(row.getString("phase"));
            if (phase == null) {
                continue;
            }
            String site = row.getString("site");
            JsonObject tools = row.getJsonObject("tools");
            OffsetDateTime firstSeen = row.getOffsetDateTime("first_seen");
            String namedBy = row.getString("named_by");
            read.add(new TaskRow(
                    row.getString("team"),
                    new TeamTasks.Key(site, phase),
                    row.getString("bucket"),
                    new CallSite(site, Outline.unpacked(row.getArrayOfLongs("lines"))),
                    row.getString("name"),
                    namedBy == null ? "generated" : namedBy,
                    TaskLedger.kind(row.getString("kind")),
                    tools == null ? new JsonObject() : tools,
                    firstSeen == null ? Instant.EPOCH : firstSeen.toInstant(),
                    row.getInteger("seen")));
        }
        return read;
    }
}
