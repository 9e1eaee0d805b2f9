package dev.understudy.policy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The first rule that holds for a call, and what was drawn on the way.
 *
 * @param place of the rule among those that were asked; their number when none holds
 * @param rule null when none holds
 * @param bucket of its rollout; null without one
 * @param passed rules for this call whose share it is not in
 */
record Draw(int place, @Nullable Rule rule, @Nullable Integer bucket, List<Rule> passed) {
    /** Asks the rules in order. */
    static Draw of(List<Rule> rules, Facts facts) {
        List<Rule> passed = List.of();
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            if (rule.match().miss(facts) != null) {
                continue;
            }
            Rollout rollout = rule.rollout();
            if (rollout == null) {
                return new Draw(i, rule, null, passed);
            }
            int bucket = rollout.bucket(facts);
            if (bucket < rollout.limit()) {
                return new Draw(i, rule, bucket, passed);
            }
            passed = passed.isEmpty() ? new ArrayList<>() : passed;
            passed.add(rule);
        }
        return new Draw(rules.size(), null, null, passed);
    }

    /**
     * How probable it was, before anything was drawn, that the model would be asked first that is asked first. Rules with
     * the same salt draw one bucket, others draw independently.
     *
     * @param first the model that a rule would ask first, or null
     */
    double propensity(List<Rule> rules, Facts facts, Function<Rule, @Nullable String> first) {
        if (rule == null || (passed.isEmpty() && rule.isWhole())) {
            return 1;
        }
        String asked = first.apply(rule);
        Map<String, Integer> drawn = new HashMap<>();
        double sum = 0;
        List<Rule> contenders = new ArrayList<>(passed);
        contenders.add(rule);
        for (int i = place + 1; i < rules.size() && !contenders.getLast().isWhole(); i++) {
            if (rules.get(i).match().miss(facts) == null) {
                contenders.add(rules.get(i));
            }
        }
        for (Rule contender : contenders) {
            double share = share(contender, drawn);
            sum += Objects.equals(asked, first.apply(contender)) ? share : 0;
        }
        return Math.min(1, sum);
    }

    /** The probability that a rule decides, when those before it have drawn; notes its own limit. */
    private static double share(Rule rule, Map<String, Integer> drawn) {
        Rollout rollout = rule.rollout();
        String own = rollout == null ? "" : rollout.by().wire() + ":" + rollout.salt();
        double others = 1;
        for (Map.Entry<String, Integer> entry : drawn.entrySet()) {
            if (!entry.getKey().equals(own)) {
                others *= 1 - entry.getValue() / (double) Rollout.BUCKETS;
            }
        }
        int before = drawn.getOrDefault(own, 0);
        int limit = rollout == null ? Rollout.BUCKETS : rollout.limit();
        drawn.put(own, Math.max(before, limit));
        return others * Math.max(0, limit - before) / Rollout.BUCKETS;
    }
}
