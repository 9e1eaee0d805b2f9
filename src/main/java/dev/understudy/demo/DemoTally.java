package dev.understudy.demo;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a demo run went, from the agent's side.
 *
 * @param calls requests that have ended
 * @param failed those of them without a usable answer
 * @param served usable answers by the model that the gateway named
 * @param errands the same by errand
 * @param failures what the first few failed requests were told
 */
public record DemoTally(
        int calls, int failed, Map<String, Integer> served, Map<DemoErrand, Errand> errands, List<String> failures) {

    /**
     * One errand's share.
     *
     * @param served usable answers by model
     * @param checked answers that could be held against the truth
     * @param right those of them that were true in every value
     */
    public record Errand(Map<String, Integer> served, int checked, int right) {
        public Errand {
            served = Map.copyOf(served);
        }
    }

    public DemoTally {
        served = Map.copyOf(served);
        errands = Map.copyOf(errands);
        failures = List.copyOf(failures);
    }

    /** Counts while the run goes on; confined to one event loop. */
    static final class Counter {
        private static final int FAILURES_KEPT = 3;

        private final Map<String, Integer> served = new TreeMap<>();
        private final Map<DemoErrand, Line> lines = new EnumMap<>(DemoErrand.class);
        private final List<String> failures = new ArrayList<>();
        private int calls;
        private int failed;

        private static final class Line {
            private final Map<String, Integer> served = new TreeMap<>();
            private int checked;
            private int right;
        }

        void answered(DemoErrand errand, String model) {
            calls++;
            served.merge(model, 1, Integer::sum);
            line(errand).served.merge(model, 1, Integer::sum);
        }

        void checked(DemoErrand errand, boolean right) {
            line(errand).checked++;
            if (right) {
                line(errand).right++;
            }
        }

        void failed(String told) {
            calls++;
            failed++;
            if (failures.size() < FAILURES_KEPT && !failures.contains(told)) {
                failures.add(told);
            }
        }

        int calls() {
            return calls;
        }

        DemoTally tally() {
            Map<DemoErrand, Errand> errands = new EnumMap<>(DemoErrand.class);
            lines.forEach((errand, line) -> errands.put(errand, new Errand(line.served, line.checked, line.right)));
            return new DemoTally(calls, failed, served, errands, failures);
        }

        private Line line(DemoErrand errand) {
            return lines.computeIfAbsent(errand, absent -> new Line());
        }
    }
}
