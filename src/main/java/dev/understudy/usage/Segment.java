package dev.understudy.usage;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of time and the tables that are read for it.
 *
 * @param from first moment
 * @param to first moment after the last
 */
record Segment(Source source, Instant from, Instant to) {
    /** Ranges up to this are counted from rows: exact to the millisecond, fresh to the last batch. */
    private static final Duration BY_ROWS = Duration.ofHours(2);
    /** An hour is taken from the roll-ups once it is over this long. */
    private static final Duration SETTLED = Duration.ofMinutes(2);

    private static final int DAYS_WORTH_A_TABLE = 2;

    /** Where figures come from. */
    enum Source {
        ROWS,
        HOURS,
        DAYS
    }

    /**
     * Cuts a range: whole days from the tables of days, whole hours from those of hours, the ends from rows.
     *
     * @param rowsOnly whether only rows have what is asked for
     * @param hourly whether days are too coarse
     */
    static List<Segment> cut(Instant from, Instant to, Instant now, boolean rowsOnly, boolean hourly) {
        Instant settled = now.minus(SETTLED);
        Instant firstHour = ceil(from, ChronoUnit.HOURS);
        Instant lastHour = (to.isBefore(settled) ? to : settled).truncatedTo(ChronoUnit.HOURS);
        if (rowsOnly || Duration.between(from, to).compareTo(BY_ROWS) <= 0 || !firstHour.isBefore(lastHour)) {
            return List.of(new Segment(Source.ROWS, from, to));
        }
        List<Segment> segments = new ArrayList<>();
        add(segments, Source.ROWS, from, firstHour);
        Instant firstDay = ceil(firstHour, ChronoUnit.DAYS);
        Instant lastDay = lastHour.truncatedTo(ChronoUnit.DAYS);
        if (hourly || Duration.between(firstDay, lastDay).toDays() < DAYS_WORTH_A_TABLE) {
            add(segments, Source.HOURS, firstHour, lastHour);
        } else {
            add(segments, Source.HOURS, firstHour, firstDay);
            add(segments, Source.DAYS, firstDay, lastDay);
            add(segments, Source.HOURS, lastDay, lastHour);
        }
        add(segments, Source.ROWS, lastHour, to);
        return segments;
    }

    private static void add(List<Segment> segments, Source source, Instant from, Instant to) {
        if (from.isBefore(to)) {
            segments.add(new Segment(source, from, to));
        }
    }

    private static Instant ceil(Instant moment, ChronoUnit unit) {
        Instant floor = moment.truncatedTo(unit);
        return floor.equals(moment) ? moment : floor.plus(1, unit);
    }
}
