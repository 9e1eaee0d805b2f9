package dev.understudy.access;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one team or app has spent in the window that holds. Calls are added as they end; what was spent in the window
 * before this ledger was opened is added once, from the database. A call counts for the window in which it came.
 *
 * <p>Amounts are whole billionths of the currency, so that adding is one atomic step.
 */
final class Ledger {
    private static final int DIGITS = 9;
    /** Far beyond any limit, and far from an overflow of their sum. */
    private static final BigDecimal MOST = BigDecimal.valueOf(4_000_000_000L);

    private final BudgetPlan calendar;
    private final Instant openedAt;
    private volatile boolean complete;
    private volatile Window window;

    /**
     * An empty ledger.
     *
     * @param calendar of which only window and zone count here
     */
    Ledger(BudgetPlan calendar, Instant openedAt) {
        this.calendar = calendar;
        this.openedAt = openedAt;
        this.window = new Window(calendar, openedAt);
        this.complete = window.start.equals(openedAt);
    }

    boolean isFor(BudgetPlan plan) {
        return calendar.window() == plan.window() && calendar.zone().equals(plan.zone());
    }

    /** The window that holds at that moment. */
    Window at(Instant moment) {
        Window now = window;
        return moment.isBefore(now.end) ? now : next(moment);
    }

    private synchronized Window next(Instant moment) {
        if (!moment.isBefore(window.end)) {
            window = new Window(calendar, moment);
            // The database knows nothing of it that is not counted here.
            complete = true;
        }
        return window;
    }

    /** Adds a call that is over. */
    void add(BigDecimal cost, Instant receivedAt) {
        Window now = at(receivedAt);
        if (!receivedAt.isBefore(now.start)) {
            now.spent.addAndGet(billionths(cost));
        }
    }

    /** Whether what was spent before {@link #openedAt()} is in it. */
    boolean isComplete() {
        return complete;
    }

    /** From this moment on calls are counted here. */
    Instant openedAt() {
        return openedAt;
    }

    /** When the window began in which this ledger was opened. */
    Instant firstStart() {
        return calendar.startAt(openedAt);
    }

    /** Adds what was spent from {@link #firstStart()} to {@link #openedAt()}; counts once, and only in that window. */
    synchronized void addEarlier(BigDecimal cost) {
        if (!complete) {
            window.spent.addAndGet(billionths(cost));
            complete = true;
        }
    }

    static long billionths(BigDecimal amount) {
        return amount.min(MOST)
                .movePointRight(DIGITS)
                .setScale(0, RoundingMode.HALF_UP)
                .longValueExact();
    }

    static double amount(long billionths) {
        return BigDecimal.valueOf(billionths, DIGITS).doubleValue();
    }

    /** One window and what was spent in it. */
    static final class Window {
        final Instant start;
        final Instant end;
        final AtomicLong spent = new AtomicLong();
        /** Whether a person was told that the soft limit is crossed. */
        final AtomicBoolean softTold = new AtomicBoolean();
        /** Whether a person was told that nothing is left. */
        final AtomicBoolean hardTold = new AtomicBoolean();

        private Window(BudgetPlan calendar, Instant moment) {
            this.start = calendar.startAt(moment);
            this.end = calendar.endAt(moment);
        }
    }
}
