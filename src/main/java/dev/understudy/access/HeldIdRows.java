package dev.understudy.access;

import io.smallrye.mutiny.Uni;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where held ids outlive the process. Every method may be called from any thread and fails when the store is away. */
interface HeldIdRows {
    /** Those of the ids that this team has and that have not expired by then. */
    Uni<Map<String, Held>> find(String team, Collection<String> ids, Instant now);

    /** Writes rows, over older ones of the same team and id. No key twice. */
    Uni<Void> write(Map<Key, Held> rows);

    /** Deletes rows, also when there are none. */
    Uni<Void> delete(List<Key> keys);

    /** Deletes what expired before then; the number of rows. */
    Uni<Integer> purge(Instant now);

    /** One id of one team. */
    record Key(String team, String id) {}

    /**
     * What is known of an id.
     *
     * @param expiresAt null: never
     */
    record Held(HeldIds.Owner owner, @Nullable Instant expiresAt) {
        boolean isGood(Instant now) {
            return expiresAt == null || now.isBefore(expiresAt);
        }
    }
}
