package dev.understudy.access;

import io.smallrye.mutiny.Uni;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;

/** Where it is written what calls have cost. */
public interface SpendStore {
    /**
     * What the calls of each app cost that came from {@code from} on and before {@code until}; unpriced ones count
     * nothing. Fails when the store cannot be reached.
     */
    Uni<List<Spent>> between(Instant from, Instant until);

    /**
     * What one app has spent.
     *
     * @param cost in the catalogue's currency
     */
    record Spent(String team, String app, BigDecimal cost) {}
}
