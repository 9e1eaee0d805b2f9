package dev.understudy.access;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All that limits the callers of one app: its own limits and budget, and those of its team. */
final class Allowance {
    private final Meter team;
    private final Meter app;
    private final @Nullable Budget teamBudget;
    private final @Nullable Budget appBudget;
    private final LongSupplier nanos;
    private final boolean free;

    /**
     * @param free whether nothing of it limits anybody, so that calls need not be counted
     * @param nanos the monotonic clock
     */
    Allowance(
            Meter team,
            Meter app,
            @Nullable Budget teamBudget,
            @Nullable Budget appBudget,
            boolean free,
            LongSupplier nanos) {
        this.team = team;
        this.app = app;
        this.teamBudget = teamBudget;
        this.appBudget = appBudget;
        this.free = free;
        this.nanos = nanos;
    }

    Meter team() {
        return team;
    }

    Meter app() {
        return app;
    }

    /** Lets a call in, or says which limit it meets. Budgets come first: for them another try is in vain. */
    Admission admit(long tokens, Instant receivedAt) throws LimitReached {
        if (free) {
            return Admission.FREE;
        }
        long now = nanos.getAsLong();
        if (teamBudget != null && !teamBudget.isLeft(receivedAt)) {
            throw teamBudget.refusal().with(standing(now));
        }
        if (appBudget != null && !appBudget.isLeft(receivedAt)) {
            throw appBudget.refusal().with(standing(now));
        }
        LimitReached refused = team.take(tokens, now);
        if (refused == null) {
            refused = app.take(tokens, now);
            if (refused != null) {
                team.untake(tokens, now);
            }
        }
        if (refused != null) {
            throw refused.with(standing(now));
        }
        return new Admission(this, tokens, now, receivedAt, standing(now));
    }

    /** Gives the place of a call back. */
    void leave() {
        team.leave();
        app.leave();
    }

    /** A call that left has used so many tokens and cost so much. */
    void settle(long reserved, long used, long takenAt, @Nullable BigDecimal cost, Instant receivedAt) {
        long now = nanos.getAsLong();
        team.settle(reserved, used, takenAt, now);
        app.settle(reserved, used, takenAt, now);
        if (cost == null || cost.signum() == 0) {
            return;
        }
        if (teamBudget != null) {
            teamBudget.add(cost, receivedAt);
        }
        if (appBudget != null) {
            appBudget.add(cost, receivedAt);
        }
    }

    private @Nullable Standing standing(long now) {
        if (!team.hasRates() && !app.hasRates()) {
            return null;
        }
        return new Standing(
                Standing.Rate.stricter(team.requests(now), app.requests(now)),
                Standing.Rate.stricter(team.tokens(now), app.tokens(now)));
    }

    @Nullable
    Budget teamBudget() {
        return teamBudget;
    }

    @Nullable
    Budget appBudget() {
        return appBudget;
    }

    /** Spent share of that budget which is nearer its end; null when there is none. */
    @Nullable
    Double budgetUsed(Instant now) {
        Double own = appBudget == null ? null : (Double) appBudget.used(now);
        Double whole = teamBudget == null ? null : (Double) teamBudget.used(now);
        return own == null || whole == null ? (own == null ? whole : own) : (Double) Math.max(own, whole);
    }

    /** What may still be spent under both budgets; null when there is none. */
    @Nullable
    Double budgetLeft(Instant now) {
        Double own = appBudget == null ? null : (Double) appBudget.left(now);
        Double whole = teamBudget == null ? null : (Double) teamBudget.left(now);
        return own == null || whole == null ? (own == null ? whole : own) : (Double) Math.min(own, whole);
    }
}
