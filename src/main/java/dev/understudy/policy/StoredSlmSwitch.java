package dev.understudy.policy;

import dev.understudy.inspect.SlmSwitch;
import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The switch that turns all small models off, in table {@code slm_switch}: the last row counts, for every gateway on the
 * database, which looks every second. While the database is away the last known position holds; as long as none was ever
 * known, small models stay off, since somebody may have wanted that.
 */
@ApplicationScoped
public class StoredSlmSwitch implements SlmSwitch {
    private static final Logger LOG = Logger.getLogger(StoredSlmSwitch.class);
    /** Before the agents' door opens. */
    private static final int EARLY = 150;

    private static final Duration START_PATIENCE = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final String LAST =
            "select n, enabled, actor, at from understudy.slm_switch order by n desc limit 1";
    /** Nothing is written where nothing changes. */
    private static final String SET = """
            insert into understudy.slm_switch (enabled, actor)
            select $1, $2
            where $1 is distinct from coalesce((select enabled from understudy.slm_switch order by n desc limit 1), true)
            """;

    private final Pool pool;
    private volatile @Nullable Position position;

    @Inject
    StoredSlmSwitch(Pool pool, MeterRegistry meters) {
        this.pool = pool;
        meters.gauge(Meters.SLM_OFF, this, one -> one.isOff() ? 1 : 0);
    }

    /**
     * Where the switch stands.
     *
     * @param n how often it was moved, or more
     * @param enabled whether small models may answer
     * @param actor who moved it last; null while nobody has
     * @param at when; null while nobody has
     */
    public record Position(
            long n,
            boolean enabled,
            @Nullable String actor,
            @Nullable Instant at) {
        private static final Position NEVER_MOVED = new Position(0, true, null, null);
    }

    @Override
    public boolean isOff() {
        Position now = position;
        return now == null || !now.enabled();
    }

    /** Where it stands as far as it is known here; null as long as the database could not be asked. */
    public @Nullable Position position() {
        return position;
    }

    /**
     * Moves it, here at once and for the other gateways within two seconds.
     *
     * @param actor who does
     * @return where it stands then; fails while the database is away
     */
    public Uni<Position> move(boolean enabled, String actor) {
        boolean was = !isOff();
        return pool.preparedQuery(SET)
                .execute(Tuple.of(enabled, actor))
                .chain(this::read)
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .invoke(now -> LOG.infof(
                        "small models switched %s=%s %s=%s before=%s",
                        Keys.STATUS, word(now.enabled()), Keys.ACTOR, actor, word(was)));
    }

    /** Before the door opens its position is known, unless the database is away. */
    void start(@Observes @Priority(EARLY) StartupEvent event) {
        Position now = read().onFailure()
                .retry()
                .withBackOff(Duration.ofMillis(100), Duration.ofSeconds(1))
                .expireIn(START_PATIENCE.toMillis())
                .onFailure()
                .recoverWithNull()
                .await()
                .atMost(START_PATIENCE.plus(PATIENCE));
        if (now == null) {
            LOG.warnf("small models stay off %s=the database cannot be asked whether they may answer", Keys.REASON);
        } else if (!now.enabled()) {
            LOG.infof("small models are switched off %s=%s", Keys.ACTOR, now.actor());
        }
    }

    /** Looks once. */
    @Scheduled(
            every = "1s",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP,
            skipExecutionIf = Scheduled.ApplicationNotRunning.class)
    Uni<Void> look() {
        Position before = position;
        return read().ifNoItem()
                .after(PATIENCE)
                .fail()
                .invoke(now -> tell(before, now))
                .onFailure()
                .recoverWithNull()
                .replaceWithVoid();
    }

    private static void tell(@Nullable Position before, Position now) {
        if (before == null || before.enabled() != now.enabled()) {
            LOG.infof(
                    "small models found switched %s=%s %s=%s",
                    Keys.STATUS, word(now.enabled()), Keys.ACTOR, now.actor());
        }
    }

    private Uni<Position> read() {
        return pool.query(LAST).execute().map(StoredSlmSwitch::last).map(this::take);
    }

    /** An answer that was asked for before the last move comes too late. */
    private synchronized Position take(Position read) {
        Position now = position;
        if (now != null && now.n() > read.n()) {
            return now;
        }
        position = read;
        return read;
    }

    private static Position last(RowSet<Row> rows) {
        Iterator<Row> all = rows.iterator();
        if (!all.hasNext()) {
            return Position.NEVER_MOVED;
        }
        Row row = all.next();
        return new Position(
                row.getLong("n"),
                row.getBoolean("enabled"),
                row.getString("actor"),
                row.getOffsetDateTime("at").toInstant());
    }

    private static String word(boolean enabled) {
        return enabled ? "on" : "off";
    }
}
