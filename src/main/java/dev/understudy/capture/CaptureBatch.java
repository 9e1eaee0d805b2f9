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

    /** Calls that are in it, with a row or in a sum. */
    int size() {
        int summed = 0;
        for (Sum sum : sums) {
            summed += sum.sum().calls();
        }
        return calls.size() + summed;
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
