package dev.understudy.learn;

import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.TaskBook.Sighting;
import dev.understudy.inspect.TaskBook.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The sites and tasks of one team, in memory. Read without a lock; written under its own. */
final class TeamTasks {
    /** Tasks with a name of their own; what comes after them is {@code other}. */
    static final int TASKS = 2_000;

    /** From this many sightings on a task is known. */
    static final int KNOWN = 20;

    private final Map<String, List<CallSite>> buckets = new ConcurrentHashMap<>();
    private final Map<Key, Entry> tasks = new ConcurrentHashMap<>();
    private final Set<String> names = new HashSet<>();
    private final Set<String> adapterSites = new HashSet<>();

    /** A team's book with the tasks that adapters bring along. */
    TeamTasks(String team, List<AdapterTasks.AdapterTask> adapterTasks, SiteKeys keys) {
        for (AdapterTasks.AdapterTask task : adapterTasks) {
            String bucket = keys.bucket(team, task.inputs());
            var outline = keys.outline(team, task.lines());
            CallSite site = new CallSite(keys.site(team, bucket, outline), outline);
            adapterSites.add(site.id());
            addSite(bucket, site);
            names.add(task.name());
            tasks.put(new Key(site.id(), task.phase()), new Entry(task.name(), "adapter", null, KNOWN));
        }
    }

    /** A task's key within its team. */
    record Key(String site, Phase phase) {}

    List<CallSite> sites(String bucket) {
        return buckets.getOrDefault(bucket, List.of());
    }

    /** Counts a call; null when the team has too many tasks to begin another. */
    @Nullable
    Entry seen(Sighting sighting) {
        Key key = new Key(sighting.site().id(), sighting.phase());
        Entry known = tasks.get(key);
        if (known == null) {
            known = begin(key, sighting);
        }
        if (known != null) {
            known.count(1);
        }
        return known;
    }

    /** The task of a call; for one that would be begun, what it would be. */
    Task known(Sighting sighting) {
        Entry entry = tasks.get(new Key(sighting.site().id(), sighting.phase()));
        return entry == null ? new Task(TaskName.of(sighting), null, TaskState.NEW) : entry.task();
    }

    private synchronized @Nullable Entry begin(Key key, Sighting sighting) {
        Entry raced = tasks.get(key);
        if (raced != null || tasks.size() >= TASKS) {
            return raced;
        }
        Entry entry = new Entry(TaskName.unused(TaskName.of(sighting), names), "generated", null, 0);
        names.add(entry.name());
        addSite(sighting.bucket(), sighting.site());
        tasks.put(key, entry);
        return entry;
    }

    /** Takes over what a row says; what was begun here in the meantime gets the row's name and keeps its count. */
    synchronized void load(
            Key key, String bucket, CallSite site, String name, String namedBy, @Nullable Kind kind, int seen) {
        if (namedBy.equals("adapter") && !adapterSites.contains(site.id())) {
            // Of an adapter that is no longer here: its bucket is for every model, which nobody else may use.
            return;
        }
        addSite(bucket, site);
        Entry entry = tasks.get(key);
        if (entry == null) {
            entry = new Entry(name, namedBy, kind, 0);
            tasks.put(key, entry);
        } else {
            names.remove(entry.name());
            entry.rename(name, kind);
        }
        names.add(name);
        entry.count(seen);
        entry.written();
    }

    /** Gives a task another name, its own being another task's in the database. */
    synchronized void renameApart(Key key) {
        Entry entry = tasks.get(key);
        if (entry != null) {
            String apart = entry.name() + "-" + key.site().substring(0, 4);
            entry.rename(TaskName.unused(apart, names), entry.kind());
            names.add(entry.name());
        }
    }

    @Nullable
    Entry entry(Key key) {
        return tasks.get(key);
    }

    private void addSite(String bucket, CallSite site) {
        List<CallSite> sites = new ArrayList<>(sites(bucket));
        for (CallSite known : sites) {
            if (known.id().equals(site.id())) {
                return;
            }
        }
        if (sites.size() < CallSite.A_BUCKET) {
            sites.add(site);
            buckets.put(bucket, List.copyOf(sites));
        }
    }

    /** One task: its name, who gave it, how often it was seen. */
    static final class Entry {
        private final String namedBy;
        private final AtomicInteger seen;
        private volatile Task asNew;
        private volatile Task asKnown;
        private volatile boolean written;

        private Entry(String name, String namedBy, @Nullable Kind kind, int seen) {
            this.namedBy = namedBy;
            this.seen = new AtomicInteger(seen);
            this.asNew = new Task(name, kind, TaskState.NEW);
            this.asKnown = new Task(name, kind, TaskState.KNOWN);
        }

        String name() {
            return asKnown.name();
        }

        String namedBy() {
            return namedBy;
        }

        @Nullable
        Kind kind() {
            return asKnown.kind();
        }

        Task task() {
            return seen.get() >= KNOWN ? asKnown : asNew;
        }

        /** Whether the table has it, or will as soon as it can. */
        boolean isWritten() {
            return written;
        }

        void written() {
            written = true;
        }

        private void count(int calls) {
            // Only whether a task is known hangs on it, so counting stops there.
            if (seen.get() < KNOWN) {
                seen.addAndGet(calls);
            }
        }

        private void rename(String name, @Nullable Kind kind) {
            asNew = new Task(name, kind, TaskState.NEW);
            asKnown = new Task(name, kind, TaskState.KNOWN);
        }
    }
}
