package dev.understudy.access;

import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.time.Instant;
import org.jboss.logging.Logger;

/**
 * The budget of one team or app while it is used. Nothing is set aside for calls under way, so it can be overspent by
 * what those cost that had begun before it was used up.
 */
final class Budget {
    private static final Logger LOG = Logger.getLogger(Budget.class);

    private final String team;
    /** {@code -} for the team's own. */
    private final String app;

    private final BudgetPlan plan;
    private final Ledger ledger;
    private final MeterRegistry meters;
    private final long hard;
    private final long soft;

    Budget(String team, String app, BudgetPlan plan, Ledger ledger, MeterRegistry meters) {
        this.team = team;
        this.app = app;
        this.plan = plan;
        this.ledger = ledger;
        this.meters = meters;
        this.hard = Ledger.billionths(plan.limit());
        this.soft = Math.round(hard * plan.softAt());
    }

    String team() {
        return team;
    }

    String app() {
        return app;
    }

    Ledger ledger() {
        return ledger;
    }

    /** Whether something is left for a call that came at that moment. */
    boolean isLeft(Instant receivedAt) {
        return ledger.at(receivedAt).spent.get() < hard;
    }

    LimitReached refusal() {
        String whose = app.equals("-") ? "team `" + team + "`" : "app `" + team + "/" + app + "`";
        return new LimitReached(
                LimitReached.Kind.BUDGET,
                "The budget of " + whose + " for this " + plan.window().wire()
                        + " is spent. Who keeps the policies can raise it.",
                0,
                null);
    }

    /** Adds what a call has cost, and tells once in a window that a limit is crossed. */
    void add(BigDecimal cost, Instant receivedAt) {
        ledger.add(cost, receivedAt);
        tell(receivedAt);
    }

    /** Tells once in a window that a limit is crossed. */
    void tell(Instant moment) {
        Ledger.Window window = ledger.at(moment);
        long spent = window.spent.get();
        if (spent >= soft && window.softTold.compareAndSet(false, true)) {
            tell("soft", spent);
        }
        if (spent >= hard && window.hardTold.compareAndSet(false, true)) {
            tell("hard", spent);
        }
    }

    private void tell(String level, long spent) {
        meters.counter(Meters.BUDGET_CROSSED, Meters.TEAM, team, Meters.APP, app, Meters.LEVEL, level)
                .increment();
        LOG.warnf(
                "budget crossed %s=%s %s=%s %s=%s spent=%.4f limit=%s window=%s",
                Keys.TEAM,
                team,
                Keys.APP,
                app,
                Keys.LEVEL,
                level,
                Ledger.amount(spent),
                plan.limit().toPlainString(),
                plan.window().wire());
    }

    /** Spent share of the limit; 1 of a limit of nothing. */
    double used(Instant moment) {
        return hard == 0 ? 1 : (double) ledger.at(moment).spent.get() / hard;
    }

    /** What is left, in the catalogue's currency; below zero when overspent. */
    double left(Instant moment) {
        return Ledger.amount(hard - ledger.at(moment).spent.get());
    }
}
