package dev.understudy.learn;

import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.TaskBook;
import dev.understudy.telemetry.Keys;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the book of tasks: answers from memory, loads the table once, writes new tasks behind the calls' backs. While the
 * database is away it goes on in memory and catches up.
 *
 * <p>A site's name is made from the installation's secret and the call, so two machines that meet the same site at the
 * same time agree on it; where they disagree on a task's name, the row that came first wins.
 */
@Singleton
public final class TaskLedger implements TaskBook {
    private static final Logger LOG = Logger.getLogger(TaskLedger.class);
    private static final int TEAMS = 10_000;
    private static final int WAITING = 20_000;
    private static final int BATCH = 500;

    private final SiteKeys keys;
    private final TaskRows table;
    private final InstantSource clock;
    private final List<AdapterTasks.AdapterTask> adapterTasks;
    private final Map<String, TeamTasks> teams = new ConcurrentHashMap<>();
    private final BlockingQueue<TaskRow> waiting = new ArrayBlockingQueue<>(WAITING);
    private volatile boolean loaded;
    private volatile boolean failing;

    @Inject
    TaskLedger(SiteKeys keys, TaskRows table, InstantSource clock) {
        this(keys, table, clock, AdapterTasks.inTheJar());
    }

    TaskLedger(SiteKeys keys, TaskRows table, InstantSource clock, List<AdapterTasks.AdapterTask> adapterTasks) {
        this.keys = keys;
        this.table = table;
        this.clock = clock;
        this.adapterTasks = List.copyOf(adapterTasks);
    }

    @Override
    public List<CallSite> sites(String team, String bucket) {
        TeamTasks tasks = team(team);
        return tasks == null ? List.of() : tasks.sites(bucket);
    }

    @Override
    public Task seen(Sighting sighting) {
        TeamTasks tasks = team(sighting.team());
        TeamTasks.Entry entry = tasks == null ? null : tasks.seen(sighting);
        if (entry == null) {
            return Task.OTHER;
        }
        if (!entry.isWritten()) {
            TaskRow row = TaskRow.of(sighting, entry, clock.instant());
            // A full queue is left alone: the next call of this task asks again.
            if (waiting.offer(row)) {
                entry.written();
            }
        }
        return entry.task();
    }

    @Override
    public Task known(Sighting sighting) {
        TeamTasks tasks = team(sighting.team());
        return tasks == null ? Task.OTHER : tasks.known(sighting);
    }

    /** Loads the table, once; afterwards writes what has come up since the last time. */
    @Scheduled(every = "2s", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    Uni<Void> keepUp() {
        Uni<Void> work = loaded ? write() : load().chain(this::write);
        return work.onItem()
                .invoke(() -> failing = false)
                .onFailure()
                .invoke(this::report)
                .onFailure()
                .recoverWithNull();
    }

    /** Whether the table has been read since the start. */
    boolean isLoaded() {
        return loaded;
    }

    private Uni<Void> load() {
        return table.all().invoke(this::take).replaceWithVoid();
    }

    private void take(List<TaskRow> rows) {
        for (TaskRow row : rows) {
            take(row);
        }
        loaded = true;
        LOG.infof("tasks loaded %s=%d", Keys.COUNT, rows.size());
    }

    private void take(TaskRow row) {
        TeamTasks tasks = team(row.team());
        if (tasks != null) {
            tasks.load(row.key(), row.bucket(), row.site(), row.name(), row.namedBy(), row.kind(), row.seen());
        }
    }

    private Uni<Void> write() {
        List<TaskRow> rows = new ArrayList<>();
        waiting.drainTo(rows, BATCH);
        if (rows.isEmpty()) {
            return Uni.createFrom().voidItem();
        }
        return table.insert(rows)
                .onItem()
                .transformToUni(refused -> refused.isEmpty() ? Uni.createFrom().voidItem() : settle(refused))
                .onFailure()
                .invoke(() -> putBack(rows));
    }

    /** Rows that the table would not have: another machine wrote the task first, or gave its name to another one. */
    private Uni<Void> settle(List<TaskRow> refused) {
        return table.sameKeys(refused)
                .invoke(theirs -> {
                    for (TaskRow row : theirs) {
                        take(row);
                    }
                    for (TaskRow row : refused) {
                        boolean known = false;
                        for (TaskRow other : theirs) {
                            known |= other.team().equals(row.team())
                                    && other.key().equals(row.key());
                        }
                        if (!known) {
                            renameApart(row);
                        }
                    }
                })
                .replaceWithVoid();
    }

    private void renameApart(TaskRow row) {
        TeamTasks tasks = team(row.team());
        if (tasks != null) {
            tasks.renameApart(row.key());
            TeamTasks.Entry entry = tasks.entry(row.key());
            if (entry != null) {
                offer(row.named(entry.name()));
            }
        }
    }

    private void putBack(List<TaskRow> rows) {
        for (TaskRow row : rows) {
            offer(row);
        }
    }

    private void offer(TaskRow row) {
        if (!waiting.offer(row)) {
            LOG.warnf("task not kept for writing %s=%s %s=queue full", Keys.TEAM, row.team(), Keys.REASON);
        }
    }

    private @Nullable TeamTasks team(String team) {
        TeamTasks known = teams.get(team);
        if (known != null || teams.size() >= TEAMS) {
            return known;
        }
        return teams.computeIfAbsent(team, name -> new TeamTasks(name, adapterTasks, keys));
    }

    /** Tells the first failure of a row of them; the rest would say the same. */
    private void report(Throwable failure) {
        if (!failing) {
            failing = true;
            LOG.warnf(
                    "tasks not written, going on in memory %s=%s",
                    Keys.REASON, failure.getClass().getSimpleName());
        }
    }

    /** The kind with this wire string; null when it is none. */
    static @Nullable Kind kind(@Nullable String wire) {
        for (Kind kind : Kind.values()) {
            if (kind.wire().equals(wire)) {
                return kind;
            }
        }
        return null;
    }

    /** The phase with this wire string; null when it is none. */
    static @Nullable Phase phase(String wire) {
        for (Phase phase : Phase.values()) {
            if (phase.wire().equals(wire)) {
                return phase;
            }
        }
        return null;
    }
}
