package dev.understudy.capture;

import io.quarkus.scheduler.Scheduled;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Makes the tables of a day before rows of that day come. Days are UTC's. */
@Singleton
final class Partitions {
    private static final Logger LOG = Logger.getLogger(Partitions.class);
    private static final int AHEAD = 3;

    private final Pool pool;
    private final InstantSource clock;
    private final Set<LocalDate> made = ConcurrentHashMap.newKeySet();

    Partitions(Pool pool, InstantSource clock) {
        this.pool = pool;
        this.clock = clock;
    }

    /** Makes the tables of a day unless this process knows that they are there. */
    Uni<Void> ensure(LocalDate day) {
        if (made.contains(day)) {
            return Uni.createFrom().voidItem();
        }
        return pool.preparedQuery("select understudy.ensure_day($1)")
                .execute(Tuple.of(day))
                .invoke(() -> made.add(day))
                .replaceWithVoid();
    }

    /** Once an hour, and at the start: today and the days to come. */
    @Scheduled(every = "1h", identity = "partitions")
    Uni<Void> ahead() {
        LocalDate today = clock.instant().atOffset(ZoneOffset.UTC).toLocalDate();
        Uni<Void> all = Uni.createFrom().voidItem();
        for (int i = 0; i < AHEAD; i++) {
            LocalDate day = today.plusDays(i);
            all = all.chain(() -> ensure(day));
        }
        return all.onFailure()
                .invoke(failure -> LOG.warnf(
                        "partitions not made reason=%s", failure.getClass().getSimpleName()))
                .onFailure()
                .recoverWithNull();
    }
}
