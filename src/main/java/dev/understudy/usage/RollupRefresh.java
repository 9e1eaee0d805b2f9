package dev.understudy.usage;

import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/** Brings the roll-ups up to date, twice a minute. Of many gateways on one database one works; the others wait for its lock. */
@Singleton
final class RollupRefresh {
    private static final Logger LOG = Logger.getLogger(RollupRefresh.class);

    private final Pool pool;

    RollupRefresh(Pool pool) {
        this.pool = pool;
    }

    @Scheduled(every = "30s", identity = "roll-ups", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    Uni<Void> onSchedule() {
        return refresh()
                .onFailure()
                .invoke(failure -> LOG.warnf(
                        "roll-ups not refreshed reason=%s", failure.getClass().getSimpleName()))
                .onFailure()
                .recoverWithItem(0)
                .replaceWithVoid();
    }

    /** Rolls up every hour that has changed; gives how many those were. */
    Uni<Integer> refresh() {
        return pool.query("select understudy.refresh_dirty()")
                .execute()
                .map(rows -> rows.iterator().next().getInteger(0));
    }
}
