package dev.understudy.access;

import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of {@code understudy.sticky_id}. */
@Singleton
final class HeldIdTable implements HeldIdRows {
    /** A database that takes longer is as good as away. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final String FIND = """
            select id, upstream, credential, expires_at from understudy.sticky_id
             where team = $1 and id = any($2::text[]) and (expires_at is null or expires_at > $3)""";

    private static final String WRITE = """
            insert into understudy.sticky_id (team, id, upstream, credential, expires_at)
            select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
            on conflict (team, id) do update
               set upstream = excluded.upstream, credential = excluded.credential, expires_at = excluded.expires_at""";

    private static final String DELETE = """
            delete from understudy.sticky_id
             where (team, id) in (select * from unnest($1::text[], $2::text[]))""";

    private static final String PURGE = "delete from understudy.sticky_id where expires_at < $1";

    private final Pool pool;

    HeldIdTable(Pool pool) {
        this.pool = pool;
    }

    @Override
    public Uni<Map<String, Held>> find(String team, Collection<String> ids, Instant now) {
        return patiently(pool.preparedQuery(FIND)
                .execute(Tuple.of(team, ids.toArray(String[]::new), at(now)))
                .map(rows -> {
                    Map<String, Held> found = new HashMap<>();
                    for (Row row : rows) {
                        OffsetDateTime expires = row.getOffsetDateTime("expires_at");
                        found.put(
                                row.getString("id"),
                                new Held(
                                        new HeldIds.Owner(row.getString("upstream"), row.getString("credential")),
                                        expires == null ? null : expires.toInstant()));
                    }
                    return found;
                }));
    }

    @Override
    public Uni<Void> write(Map<Key, Held> rows) {
        String[] teams = new String[rows.size()];
        String[] ids = new String[rows.size()];
        String[] upstreams = new String[rows.size()];
        @Nullable String[] credentials = new @Nullable String[rows.size()];
        @Nullable OffsetDateTime[] expiries = new @Nullable OffsetDateTime[rows.size()];
        int at = 0;
        for (Map.Entry<Key, Held> row : rows.entrySet()) {
            teams[at] = row.getKey().team();
            ids[at] = row.getKey().id();
            upstreams[at] = row.getValue().owner().upstream();
            credentials[at] = row.getValue().owner().credential();
            Instant expiresAt = row.getValue().expiresAt();
            expiries[at] = expiresAt == null ? null : at(expiresAt);
            at++;
        }
        return patiently(pool.preparedQuery(WRITE)
                .execute(Tuple.tuple()
                        .addArrayOfString(teams)
                        .addArrayOfString(ids)
                        .addArrayOfString(upstreams)
                        .addArrayOfString(credentials)
                        .addArrayOfOffsetDateTime(expiries))
                .replaceWithVoid());
    }

    @Override
    public Uni<Void> delete(List<Key> keys) {
        String[] teams = keys.stream().map(Key::team).toArray(String[]::new);
        String[] ids = keys.stream().map(Key::id).toArray(String[]::new);
        return patiently(pool.preparedQuery(DELETE)
                .execute(Tuple.tuple().addArrayOfString(teams).addArrayOfString(ids))
                .replaceWithVoid());
    }

    @Override
    public Uni<Integer> purge(Instant now) {
        return patiently(pool.preparedQuery(PURGE).execute(Tuple.of(at(now))).map(rows -> rows.rowCount()));
    }

    private static <T> Uni<T> patiently(Uni<T> work) {
        return work.ifNoItem().after(PATIENCE).fail();
    }

    private static OffsetDateTime at(Instant instant) {
        return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
    }
}
