package dev.understudy.capture;

import java.util.List;
import java.util.UUID;

/**
 * What goes to the database in one transaction.
 *
 * @param sums each with the id under which it is stored, made once, so that a repeat stores it once
 */
record CaptureBatch(List<CallRows> calls, List<Sum> sums) {
    /** A line of {@code usage_delta}. */
    record Sum(UUID id, UsageSum sum) {}

    /** Calls in it that hold a place among those that wait; those that found none are only in a sum. */
    int admitted() {
        int admitted = calls.size();
        for (Sum sum : sums) {
            admitted +=
                    sum.sum().key().why() == UsageSum.Why.SHED ? 0 : sum.sum().calls();
        }
        return admitted;
    }

    /** Calls in it that are written as they should be: with a row, or as sums where no row is wanted. */
    int kept() {
        int kept = 0;
        for (CallRows call : calls) {
            kept += call.isCall() ? 1 : 0;
        }
        for (Sum sum : sums) {
            kept += sum.sum().key().why() == UsageSum.Why.NONE ? sum.sum().calls() : 0;
        }
        return kept;
    }

    /** About what its rows take. */
    long bytes() {
        long bytes = 0;
        for (CallRows call : calls) {
            bytes += call.bytes();
        }
        return bytes;
    }

    /** Whether it cannot be made smaller. */
    boolean isSingle() {
        return calls.size() + sums.size() == 1;
    }

    /** The batch in two, for finding what the database refuses. */
    List<CaptureBatch> halves() {
        if (!calls.isEmpty() && !sums.isEmpty()) {
            return List.of(new CaptureBatch(calls, List.of()), new CaptureBatch(List.of(), sums));
        }
        int middleCalls = calls.size() / 2;
        int middleSums = sums.size() / 2;
        return List.of(
                new CaptureBatch(calls.subList(0, middleCalls), sums.subList(0, middleSums)),
                new CaptureBatch(calls.subList(middleCalls, calls.size()), sums.subList(middleSums, sums.size())));
    }
}
