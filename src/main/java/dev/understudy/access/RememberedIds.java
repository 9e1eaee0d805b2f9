package dev.understudy.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.access.HeldIdRows.Held;
import dev.understudy.telemetry.Keys;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Held ids in memory, in front of their rows. A change is in force at once and waits for the next write; while the
 * database is away changes go on waiting, up to a bound, and are tried again. Later changes of one id replace earlier
 * ones, so a write never has a key twice.
 */
@ApplicationScoped
class RememberedIds implements HeldIds {
    private static final Logger LOG = Logger.getLogger(RememberedIds.class);
    private static final int MOST_CHARACTERS = 512;
    /** About 20,000 ids. The others are asked for: a conversation that goes on does so within minutes. */
    private static final long REMEMBERED_BYTES = 8L << 20;
    /** What one costs beside its characters: records, strings' heads, the cache's entry. */
    private static final int ENTRY_BYTES = 300;

    private static final int WAITING = 200_000;
    private static final int BATCH = 500;
    /** A row whose end is nearer than that by so much is written anew when its id is shown again. */
    private static final Duration WORN = Duration.ofDays(1);

    private static final long SOON_MILLIS = 20;
    private static final long RETRY_MILLIS = 1_000;
    private static final Duration LAST_WRITE = Duration.ofSeconds(5);

    private final HeldIdRows rows;
    private final Vertx vertx;
    private final InstantSource clock;
    private final int waitingLimit;
    /** Also what was forgotten, so that a query under way cannot bring it back. */
    private final Cache<HeldIdRows.Key, Change> remembered = Caffeine.newBuilder()
            .maximumWeight(REMEMBERED_BYTES)
            .weigher((HeldIdRows.Key key, Change change) ->
                    ENTRY_BYTES + key.id().length())
            .build();

    private final Map<HeldIdRows.Key, Change> waiting = new ConcurrentHashMap<>();
    private final AtomicBoolean planned = new AtomicBoolean();
    private final AtomicBoolean isDown = new AtomicBoolean();
    private final AtomicBoolean isFull = new AtomicBoolean();

    @Inject
    RememberedIds(HeldIdTable rows, Vertx vertx, InstantSource clock) {
        this(rows, vertx, clock, WAITING);
    }

    /** @param waitingLimit changes that may wait for the database */
    RememberedIds(HeldIdRows rows, Vertx vertx, InstantSource clock, int waitingLimit) {
        this.rows = rows;
        this.vertx = vertx;
        this.clock = clock;
        this.waitingLimit = waitingLimit;
    }

    @Override
    public void bind(String team, String id, Owner owner, Life life) {
        if (!isFit(id)) {
            return;
        }
        HeldIdRows.Key key = new HeldIdRows.Key(team, id);
        Instant now = clock.instant();
        Duration length = life.length();
        Held held = new Held(owner, length == null ? null : now.plus(length));
        if (!isSaidAlready(known(key), held)) {
            change(key, new Change.Bound(held));
        }
    }

    @Override
    public void forget(String team, String id) {
        if (isFit(id)) {
            change(new HeldIdRows.Key(team, id), new Change.Forgotten());
        }
    }

    @Override
    public Future<Map<String, Owner>> find(String team, Collection<String> ids) {
        Map<String, Owner> found = new HashMap<>();
        List<String> unseen = new ArrayList<>();
        Instant now = clock.instant();
        for (String id : ids) {
            if (isFit(id)) {
                switch (known(new HeldIdRows.Key(team, id))) {
                    case null -> unseen.add(id);
                    case Change.Forgotten forgotten -> {}
                    case Change.Bound(Held held) -> {
                        if (held.isGood(now)) {
                            found.put(id, held.owner());
                        }
                    }
                }
            }
        }
        return unseen.isEmpty() ? Future.succeededFuture(found) : ask(team, unseen, found, now);
    }

    private Future<Map<String, Owner>> ask(String team, List<String> unseen, Map<String, Owner> found, Instant now) {
        // A promise of the loop's context brings an answer from another thread back to the loop.
        Promise<Map<String, Owner>> answer = ((ContextInternal) vertx.getOrCreateContext()).promise();
        rows.find(team, unseen, now)
                .subscribe()
                .with(
                        read -> {
                            read.forEach((id, held) -> {
                                Change before = remembered
                                        .asMap()
                                        .putIfAbsent(new HeldIdRows.Key(team, id), new Change.Bound(held));
                                if (before == null) {
                                    found.put(id, held.owner());
                                } else if (before instanceof Change.Bound(Held newer)) {
                                    found.put(id, newer.owner());
                                }
                            });
                            answer.tryComplete(found);
                        },
                        failure -> answer.tryFail(new IdsUnavailable(failure)));
        return answer.future();
    }

    /** What waits wins: it is never older than what is remembered, which may be gone. */
    private @Nullable Change known(HeldIdRows.Key key) {
        Change change = waiting.get(key);
        return change == null ? remembered.getIfPresent(key) : change;
    }

    private static boolean isSaidAlready(@Nullable Change before, Held now) {
        if (!(before instanceof Change.Bound(Held held)) || !held.owner().equals(now.owner())) {
            return false;
        }
        Instant end = held.expiresAt();
        return end == null || (now.expiresAt() != null && end.plus(WORN).isAfter(now.expiresAt()));
    }

    private void change(HeldIdRows.Key key, Change change) {
        remembered.put(key, change);
        if (waiting.size() >= waitingLimit && !waiting.containsKey(key)) {
            if (isFull.compareAndSet(false, true)) {
                LOG.warnf("held ids not kept for writing %s=queue full %s=%d", Keys.REASON, Keys.COUNT, waitingLimit);
            }
            return;
        }
        waiting.put(key, change);
        plan(SOON_MILLIS);
    }

    private void plan(long millis) {
        if (planned.compareAndSet(false, true)) {
            vertx.setTimer(millis, fired -> write().subscribe().with(written -> goOn(), this::tryAgain));
        }
    }

    private void goOn() {
        planned.set(false);
        isFull.set(false);
        if (isDown.compareAndSet(true, false)) {
            LOG.info("store of held ids came back");
        }
        if (!waiting.isEmpty()) {
            plan(SOON_MILLIS);
        }
    }

    private void tryAgain(Throwable failure) {
        planned.set(false);
        if (isDown.compareAndSet(false, true)) {
            LOG.warnf(
                    "held ids not written, going on in memory %s=%s",
                    Keys.REASON, failure.getClass().getSimpleName());
        }
        plan(RETRY_MILLIS);
    }

    /** Writes one batch of what waits. What was changed again meanwhile goes on waiting. */
    private Uni<Void> write() {
        Map<HeldIdRows.Key, Change> batch = new HashMap<>();
        for (Map.Entry<HeldIdRows.Key, Change> entry : waiting.entrySet()) {
            batch.put(entry.getKey(), entry.getValue());
            if (batch.size() == BATCH) {
                break;
            }
        }
        Map<HeldIdRows.Key, Held> bound = new HashMap<>();
        List<HeldIdRows.Key> forgotten = new ArrayList<>();
        batch.forEach((key, change) -> {
            switch (change) {
                case Change.Bound(Held held) -> bound.put(key, held);
                case Change.Forgotten none -> forgotten.add(key);
            }
        });
        Uni<Void> writing = bound.isEmpty() ? Uni.createFrom().voidItem() : rows.write(bound);
        Uni<Void> deleting = forgotten.isEmpty() ? Uni.createFrom().voidItem() : rows.delete(forgotten);
        return writing.chain(() -> deleting).invoke(() -> batch.forEach(waiting::remove));
    }

    /** Deletes rows that have expired. */
    @Scheduled(every = "1h", delayed = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    Uni<Void> purge() {
        return rows.purge(clock.instant())
                .invoke(gone -> LOG.debugf("expired ids deleted %s=%d", Keys.COUNT, gone))
                .replaceWithVoid()
                .onFailure()
                .recoverWithNull();
    }

    /** Writes what still waits, as far as the database lets it. */
    void stop(@Observes ShutdownEvent event) {
        flush();
    }

    /** Writes all that waits; blocks for a few seconds at most. */
    void flush() {
        Instant until = clock.instant().plus(LAST_WRITE);
        try {
            while (!waiting.isEmpty() && clock.instant().isBefore(until)) {
                write().await().atMost(LAST_WRITE);
            }
        } catch (RuntimeException e) {
            LOG.warnf(
                    "held ids not written %s=%s %s=%d",
                    Keys.REASON, e.getClass().getSimpleName(), Keys.COUNT, waiting.size());
        }
    }

    /** Changes that wait for the database. */
    int waiting() {
        return waiting.size();
    }

    /** Ids in memory, once what is too much has left. */
    long rememberedIds() {
        remembered.cleanUp();
        return remembered.estimatedSize();
    }

    private static boolean isFit(String id) {
        if (id.isEmpty() || id.length() > MOST_CHARACTERS) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (c <= ' ' || c >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    /** What was said of an id last. */
    private sealed interface Change {
        /** It is held. */
        record Bound(Held held) implements Change {}

        /** It was deleted. */
        record Forgotten() implements Change {}
    }
}
