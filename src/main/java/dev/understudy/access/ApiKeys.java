package dev.understudy.access;

import dev.understudy.call.Uuid7;
import dev.understudy.telemetry.Keys;
import io.quarkus.hibernate.reactive.panache.Panache;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.vertx.core.runtime.context.VertxContextSafetyToggle;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Makes, lists, revokes and finds keys. A key itself is seen once, when it is made. */
@ApplicationScoped
public class ApiKeys implements KeyStore {
    private static final Logger LOG = Logger.getLogger(ApiKeys.class);

    private final ApiKeyRepository rows;
    private final Vertx vertx;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    @Inject
    ApiKeys(ApiKeyRepository rows, Vertx vertx, InstantSource clock) {
        this.rows = rows;
        this.vertx = vertx;
        this.clock = clock;
    }

    /** The first query makes Hibernate load itself, which took seconds on a busy machine: no caller should wait for that. */
    void warmUp(@Observes StartupEvent event) {
        find("-", KeyDigest.of(""))
                .subscribe()
                .with(nobody -> {}, failure -> LOG.warnf("keys cannot be looked up yet %s=%s", Keys.REASON, failure));
    }

    /**
     * A key that was just made.
     *
     * @param key the whole key; the only time that it is seen
     */
    public record Made(String key, KeyRecord record) {
        /** The record never prints the key. */
        @Override
        public String toString() {
            return "Made[" + record.prefix() + "]";
        }
    }

    /**
     * Makes a key for an app of a team. Whether both exist is the asker's to check.
     *
     * @param expiresAt null: never
     */
    public Uni<Made> create(String team, String app, @Nullable String name, @Nullable Instant expiresAt) {
        return inTransaction(() -> {
            String key = KeyForm.make(random);
            String prefix = KeyForm.prefixOf(key);
            if (prefix == null) {
                throw new IllegalStateException("a key that was just made has no prefix");
            }
            ApiKey row = new ApiKey(Uuid7.of(clock.instant(), random), prefix, KeyDigest.of(key), team, app);
            row.name = name;
            row.expiresAt = expiresAt;
            return rows.persist(row).map(stored -> new Made(key, recordOf(stored)));
        });
    }

    /** All keys, oldest first, also those that are no longer good. */
    public Uni<List<KeyRecord>> list() {
        return inSession(() -> rows.inOrder()
                .map(found -> found.stream().map(ApiKeys::recordOf).toList()));
    }

    /** Revokes the key with that stored prefix, for good; empty when there is none. A second time changes nothing. */
    public Uni<Optional<KeyRecord>> revoke(String prefix) {
        return inTransaction(() -> rows.byPrefix(prefix).map(row -> {
            if (row == null) {
                return Optional.empty();
            }
            if (row.revokedAt == null) {
                row.revokedAt = clock.instant();
            }
            return Optional.of(recordOf(row));
        }));
    }

    @Override
    public Uni<Optional<KeyRecord>> find(String prefix, KeyDigest digest) {
        return inSession(() -> rows.byPrefix(prefix)
                .map(row -> row == null || !new KeyDigest(row.sha256).equals(digest)
                        ? Optional.empty()
                        : Optional.of(recordOf(row))));
    }

    private static KeyRecord recordOf(ApiKey row) {
        return new KeyRecord(
                row.id, row.prefix, row.team, row.app, row.name, Uuid7.timeOf(row.id), row.expiresAt, row.revokedAt);
    }

    private <T> Uni<T> inSession(Supplier<Uni<T>> work) {
        return onOwnContext(() -> Panache.withSession(work));
    }

    private <T> Uni<T> inTransaction(Supplier<Uni<T>> work) {
        return onOwnContext(() -> Panache.withTransaction(work));
    }

    /**
     * Hibernate Reactive keeps its session in the Vert.x context and refuses one that several calls share, which the
     * event loop's own context is. So each piece of work gets a duplicate to itself, whoever asks.
     */
    private <T> Uni<T> onOwnContext(Supplier<Uni<T>> work) {
        return Uni.createFrom().deferred(() -> {
            Context own = VertxContext.createNewDuplicatedContext(vertx.getOrCreateContext());
            VertxContextSafetyToggle.setContextSafe(own, true);
            return Uni.createFrom()
                    .deferred(work::get)
                    .runSubscriptionOn(command -> own.runOnContext(nothing -> command.run()));
        });
    }
}
