package dev.understudy.policy;

import dev.understudy.call.Call;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Purpose;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What shall be written down of which call, as ops wrote it in the files of kind Capture.
 *
 * @param standard for calls that no rule is for
 * @param storeFalseCounts whether {@code store: false} in a request leaves no body
 * @param rules the first that holds decides
 */
record CapturePlan(CaptureOrder.Level standard, boolean storeFalseCounts, List<CaptureRule> rules) {
    /** What is done without a file of kind Capture: rows without contents. */
    static final CapturePlan METADATA = new CapturePlan(CaptureOrder.Level.METADATA, true, List.of());

    private static final String STANDARD = "default";

    CapturePlan {
        rules = List.copyOf(rules);
    }

    /**
     * One rule about writing down.
     *
     * @param id full: {@code document/rule}
     * @param purposes what bodies may be used for, where consent agrees
     * @param redact names of detectors whose hits are masked before a body is stored
     */
    record CaptureRule(String id, Match match, CaptureOrder.Level level, Set<Purpose> purposes, Set<String> redact) {
        CaptureRule {
            purposes = Set.copyOf(purposes);
            redact = Set.copyOf(redact);
        }
    }

    /** What to write down of this call. A body is kept only where some purpose is left after consent. */
    CaptureOrder order(Facts facts) {
        for (int i = 0; i < rules.size(); i++) {
            CaptureRule rule = rules.get(i);
            if (rule.match().miss(facts) == null) {
                return order(rule.id(), rule.level(), rule.purposes(), rule.redact(), facts);
            }
        }
        return order(STANDARD, standard, EnumSet.allOf(Purpose.class), Set.of("secrets"), facts);
    }

    private CaptureOrder order(
            String id, CaptureOrder.Level level, Set<Purpose> purposes, Set<String> redact, Facts facts) {
        if (level != CaptureOrder.Level.FULL) {
            return new CaptureOrder(level, 0, Set.of(), Set.of(), id);
        }
        Set<Purpose> left = EnumSet.noneOf(Purpose.class);
        left.addAll(purposes);
        left.retainAll(facts.caller().consent());
        if (left.isEmpty() || (storeFalseCounts && forbidsStoring(facts.call()))) {
            return new CaptureOrder(CaptureOrder.Level.METADATA, 0, Set.of(), Set.of(), id);
        }
        return new CaptureOrder(level, 1, left, redact, id);
    }

    private static boolean forbidsStoring(Call call) {
        return Boolean.FALSE.equals(call.store());
    }
}
