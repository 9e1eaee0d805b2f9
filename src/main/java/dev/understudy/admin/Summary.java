package dev.understudy.admin;

import dev.understudy.capture.CaptureState;
import dev.understudy.usage.Totals;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How things stand, on one page.
 *
 * @param baseUrl where agents of this machine call
 * @param currency of all sums of money
 * @param startedAt when this gateway started
 * @param day sums over the last 24 hours; null while the database is away
 * @param sinceStart sums since the start; null while the database is away
 * @param models in the order of the files
 * @param slm whether small models may answer
 * @param capture how writing goes
 */
record Summary(
        String baseUrl,
        String currency,
        Instant startedAt,
        @Nullable Totals day,
        @Nullable Totals sinceStart,
        List<ModelLine> models,
        PolicyLine policy,
        SlmLine slm,
        CaptureState capture) {

    /**
     * One model.
     *
     * @param state {@code ready}, {@code loading} or {@code unavailable}
     * @param reason what is missing and the remedy; empty when ready
     */
    record ModelLine(String name, String tier, String state, String reason) {}

    /**
     * The files in force.
     *
     * @param revision 12 hex digits
     * @param problems errors for which the files on disk were not taken, as the command line shows them
     */
    record PolicyLine(String revision, List<String> problems) {}
}
