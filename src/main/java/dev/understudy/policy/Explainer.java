package dev.understudy.policy;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Signals;
import dev.understudy.model.Readiness;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Shows how {@link Decider} comes to its decision, by asking it and every rule. */
public final class Explainer {
    private Explainer() {}

    /** Decides and says, for each rule, which key kept it from holding. */
    public static Explanation explain(
            Call call, Caller caller, Signals signals, PolicySet set, Function<String, Readiness> readiness) {
        Decision decision = Decider.decide(call, caller, signals, set, readiness);
        Facts facts = new Facts(call, caller, signals, set.catalogue(), readiness);
        Set<String> asked = new HashSet<>();
        set.rulesFor(caller).forEach(rule -> asked.add(rule.id()));
        List<Explanation.Line> lines = new ArrayList<>();
        boolean decided = false;
        for (Policy policy : set.policies()) {
            for (Rule rule : policy.rules()) {
                Explanation.Line line = line(rule, facts, decision.rule(), asked.contains(rule.id()));
                decided |= line.verdict() == Explanation.Verdict.DECIDES;
                boolean before = !decided && line.verdict() == Explanation.Verdict.HOLDS_TOO;
                lines.add(before ? new Explanation.Line(rule.id(), Explanation.Verdict.GIVES_WAY, "") : line);
            }
        }
        return new Explanation(
                set.revision(), caller.team() + "/" + caller.app(), words(call, signals), lines, decision);
    }

    private static Explanation.Line line(Rule rule, Facts facts, @Nullable String winner, boolean asked) {
        Match.Miss miss = rule.match().miss(facts);
        if (rule.id().equals(winner)) {
            return new Explanation.Line(rule.id(), Explanation.Verdict.DECIDES, "");
        }
        if (miss != null) {
            return new Explanation.Line(rule.id(), Explanation.Verdict.FAILS, miss.toString());
        }
        Rollout rollout = rule.rollout();
        int bucket = rollout == null ? -1 : rollout.bucket(facts);
        if (rollout != null && bucket >= rollout.limit()) {
            String drawn = "rollout (bucket " + bucket + " is not in " + rollout.percent() + ")";
            return new Explanation.Line(rule.id(), Explanation.Verdict.FAILS, drawn);
        }
        if (!asked) {
            return new Explanation.Line(rule.id(), Explanation.Verdict.NOT_FOR_CALLER, "");
        }
        return new Explanation.Line(
                rule.id(), winner == null ? Explanation.Verdict.NOT_ASKED : Explanation.Verdict.HOLDS_TOO, "");
    }

    private static String words(Call call, Signals signals) {
        String task = signals.task() == null ? "no task" : "task " + signals.task();
        return call.api().wire() + ", model " + Words.shown(call.model()) + ", " + task + ", kind "
                + signals.kind().wire() + ", phase " + signals.phase().wire() + ", "
                + call.tools().size() + " tools, about " + signals.tokens() + " tokens, "
                + signals.sensitivity().wire() + standing(signals);
    }

    private static String standing(Signals signals) {
        String owner = signals.loop().model();
        String loop = !signals.loop().isOpen()
                ? ""
                : owner == null ? ", open tool loop of a large model" : ", open tool loop of " + owner;
        return loop
                + (signals.latched() ? ", session latched" : "")
                + (signals.slmOff() ? ", small models switched off" : "");
    }
}
