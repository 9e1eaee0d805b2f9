package dev.understudy.access;

import java.math.BigDecimal;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.TemporalAdjusters;

/**
 * What the callers of one team or app may spend together in a window of the calendar, as ops wrote it.
 *
 * @param limit in the catalogue's currency; once so much is spent, calls are denied until the window ends
 * @param window how long it holds
 * @param zone whose midnight begins it
 * @param softAt share of the limit, 0 to 1, at which a person is told
 */
public record BudgetPlan(BigDecimal limit, Window window, ZoneId zone, double softAt) {
    public BudgetPlan {
        if (limit.signum() < 0) {
            throw new IllegalArgumentException("limit must not be negative, got " + limit);
        }
        if (!(softAt >= 0 && softAt <= 1)) {
            throw new IllegalArgumentException("softAt must be from 0 to 1, got " + softAt);
        }
    }

    /** When the window began that holds at that moment. */
    Instant startAt(Instant moment) {
        return firstDay(moment).atStartOfDay(zone).toInstant();
    }

    /** When the next one begins. */
    Instant endAt(Instant moment) {
        LocalDate first = firstDay(moment);
        LocalDate next = switch (window) {
            case DAY -> first.plusDays(1);
            case WEEK -> first.plusWeeks(1);
            case MONTH -> first.plusMonths(1);
        };
        return next.atStartOfDay(zone).toInstant();
    }

    private LocalDate firstDay(Instant moment) {
        LocalDate day = moment.atZone(zone).toLocalDate();
        return switch (window) {
            case DAY -> day;
            case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
            case MONTH -> day.withDayOfMonth(1);
        };
    }

    /** How long a budget holds: a calendar's day, week from Monday, or month. */
    public enum Window {
        DAY("day"),
        WEEK("week"),
        MONTH("month");

        private final String wire;

        Window(String wire) {
            this.wire = wire;
        }

        /** The name in policy files. */
        public String wire() {
            return wire;
        }
    }
}
