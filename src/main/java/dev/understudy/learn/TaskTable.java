package dev.understudy.learn;

import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Tool;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.Outline;
import dev.understudy.inspect.TaskBook.Sighting;
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
import org.jspecify.annotations.Nullable;

/** The rows of {@code understudy.task}. */
@Singleton
class TaskTable {
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

    /**
     * One row.
     *
     * @param namedBy {@code generated}, {@code adapter}, or who of the people
     * @param kind the task's own; null: as each request looks
     * @param tools names to schema hashes, when the task was first seen
     * @param seen calls so far, up to 20
     */
    record TaskRow(
            String team,
            TeamTasks.Key key,
            String bucket,
            CallSite site,
            String name,
            String namedBy,
            @Nullable Kind kind,
            JsonObject tools,
            Instant firstSeen,
            int seen) {

        /** The row of a task that a call has begun. */
        static TaskRow of(Sighting sighting, TeamTasks.Entry entry, Instant now) {
            JsonObject tools = new JsonObject();
            for (Tool tool : sighting.tools()) {
                tools.put(tool.name(), tool.schemaHash());
            }
            return new TaskRow(
                    sighting.team(),
                    new TeamTasks.Key(sighting.site().id(), sighting.phase()),
                    sighting.bucket(),
                    sighting.site(),
                    entry.name(),
                    entry.namedBy(),
                    entry.kind(),
                    tools,
                    now,
                    0);
        }

        /** The same row under another name. */
        TaskRow named(String other) {
            return new TaskRow(team, key, bucket, site, other, namedBy, kind, tools, firstSeen, seen);
        }
    }

    /** All tasks that are no other's alias. */
    Uni<List<TaskRow>> all() {
        return pool.query(ALL).execute().map(TaskTable::rows);
    }

    /** The rows that have the keys of these. */
    Uni<List<TaskRow>> sameKeys(List<TaskRow> rows) {
        List<Tuple> keys = new ArrayList<>();
        for (TaskRow row : rows) {
            keys.add(Tuple.of(row.team(), row.key().site(), row.key().phase().wire()));
        }
        return pool.preparedQuery(SAME_KEY).executeBatch(keys).map(TaskTable::rowsOfBatch);
    }

    /**
     * Writes rows.
     *
     * @return those that the table has another row for
     */
    Uni<List<TaskRow>> insert(List<TaskRow> rows) {
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
