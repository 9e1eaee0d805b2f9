package dev.understudy.inspect;

import dev.understudy.call.Signals.TaskState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A book without a database; every task it sees is new. */
final class MemoryBook implements TaskBook {
    final Map<String, List<CallSite>> sites = new HashMap<>();
    final List<Sighting> sightings = new ArrayList<>();
    Task answer = new Task("a-task", null, TaskState.NEW);

    @Override
    public List<CallSite> sites(String team, String bucket) {
        return sites.getOrDefault(bucket, List.of());
    }

    @Override
    public Task seen(Sighting sighting) {
        sightings.add(sighting);
        List<CallSite> known = sites.computeIfAbsent(sighting.bucket(), bucket -> new ArrayList<>());
        if (!known.contains(sighting.site())) {
            known.add(sighting.site());
        }
        return answer;
    }

    @Override
    public Task known(Sighting sighting) {
        return answer;
    }
}
