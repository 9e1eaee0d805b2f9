package dev.understudy.learn;

import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.TaskBook;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A book that knows the tasks of the adapters in the jar and keeps nothing: for commands that run without a database. */
public final class AdapterBook implements TaskBook {
    private final SiteKeys keys;
    private final List<AdapterTasks.AdapterTask> adapterTasks = AdapterTasks.inTheJar();
    private final Map<String, TeamTasks> teams = new ConcurrentHashMap<>();

    /** @param keys of the installation, or any: the tasks are hashed under them here */
    public AdapterBook(SiteKeys keys) {
        this.keys = keys;
    }

    @Override
    public List<CallSite> sites(String team, String bucket) {
        return team(team).sites(bucket);
    }

    @Override
    public Task seen(Sighting sighting) {
        return known(sighting);
    }

    @Override
    public Task known(Sighting sighting) {
        return team(sighting.team()).known(sighting);
    }

    private TeamTasks team(String team) {
        return teams.computeIfAbsent(team, name -> new TeamTasks(name, adapterTasks, keys));
    }
}
