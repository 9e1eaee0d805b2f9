package dev.understudy.testing;

import dev.understudy.access.HeldIds;
import dev.understudy.access.IdsUnavailable;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Held ids in memory alone. */
public final class MemoryIds implements HeldIds {
    private final Map<String, Owner> owners = new ConcurrentHashMap<>();
    private final Map<String, Life> lives = new ConcurrentHashMap<>();
    private volatile boolean away;

    @Override
    public void bind(String team, String id, Owner owner, Life life) {
        owners.put(team + " " + id, owner);
        lives.put(team + " " + id, life);
    }

    @Override
    public Future<Map<String, Owner>> find(String team, Collection<String> ids) {
        if (away) {
            return Future.failedFuture(new IdsUnavailable(new IOException("no database")));
        }
        Map<String, Owner> found = new HashMap<>();
        for (String id : ids) {
            Owner owner = owners.get(team + " " + id);
            if (owner != null) {
                found.put(id, owner);
            }
        }
        return Future.succeededFuture(found);
    }

    @Override
    public void forget(String team, String id) {
        owners.remove(team + " " + id);
    }

    /** From now on nobody can say who holds an id. */
    public void goAway() {
        away = true;
    }

    /** How long each is held: team and id, parted by a space. */
    public Map<String, Life> lives() {
        return lives;
    }

    /** All that is held: team and id, parted by a space. */
    public Map<String, Owner> all() {
        return owners;
    }
}
