package dev.understudy.admin;

import dev.understudy.telemetry.Keys;
import dev.understudy.usage.CallLog;
import dev.understudy.usage.Totals;
import io.quarkus.runtime.Startup;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Sums that every open page asks for every few seconds: counted once, shown to all, for about a second. */
@Startup // so that it knows when the gateway started
@Singleton
class Figures {
    private static final Logger LOG = Logger.getLogger(Figures.class);
    private static final Duration FRESH = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration DAY = Duration.ofHours(24);

    private final Instant startedAt;
    private final Uni<Sums> sums;
    private volatile Instant staleAt = Instant.MAX;

    Figures(CallLog log, InstantSource clock) {
        this.startedAt = clock.instant();
        this.sums = Uni.combine()
                .all()
                .unis(
                        Uni.createFrom()
                                .deferred(() -> log.totals(clock.instant().minus(DAY))),
                        Uni.createFrom().deferred(() -> log.totals(startedAt)))
                .with(Sums::new)
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .onFailure()
                .invoke(e -> LOG.debugf("figures not counted %s=%s", Keys.REASON, e.getMessage()))
                .onFailure()
                .recoverWithItem(new Sums(null, null))
                .onItem()
                .invoke(counted -> staleAt = clock.instant().plus(FRESH))
                .memoize()
                .until(() -> clock.instant().isAfter(staleAt));
    }

    /** When this gateway started. */
    Instant startedAt() {
        return startedAt;
    }

    /** The sums; both null while the database is away. Never fails. */
    Uni<Sums> get() {
        return sums;
    }

    /** Sums over the last 24 hours and since the start. */
    record Sums(@Nullable Totals day, @Nullable Totals sinceStart) {}
}
