package dev.understudy.policy;

import dev.understudy.call.Decision;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides on the calls of the files' own test cases and holds the decisions against what they expect. */
public final class Trials {
    private final PolicySet set;
    private final List<Problem> problems;
    private final Set<String> reached = new HashSet<>();
    private int cases;
    private int failed;

    private Trials(PolicySet set, List<Problem> problems) {
        this.set = set;
        this.problems = problems;
    }

    /**
     * What a run of the cases came to.
     *
     * @param cases that were run
     * @param failed how many of them
     * @param reached rules by which one of them was decided
     * @param rules of all policies
     */
    public record Run(int cases, int failed, int reached, int rules) {
        /** No case was run. */
        static final Run NONE = new Run(0, 0, 0, 0);
    }

    /** Runs all cases and adds what is wrong. */
    static Run run(
            List<Document> tests, List<TestsSpec> specs, PolicySet set, List<Document> all, List<Problem> problems) {
        Trials trials = new Trials(set, problems);
        for (int i = 0; i < tests.size(); i++) {
            trials.document(tests.get(i), specs.get(i));
        }
        if (!tests.isEmpty()) {
            trials.coverage(tests, specs, all);
        }
        return new Run(trials.cases, trials.failed, trials.reached.size(), set.ruleCount());
    }

    private void document(Document document, TestsSpec spec) {
        for (int i = 0; i < spec.cases().size(); i++) {
            TestsSpec.CaseSpec one = spec.cases().get(i);
            if (one == null) {
                continue;
            }
            cases++;
            Trial trial = Trial.of(one.given(), set);
            Decision decision = Decider.decide(trial.facts(), set, Held.NOTHING);
            if (decision.rule() != null) {
                reached.add(decision.rule());
            }
            List<String> differences = new ArrayList<>();
            differences(one.expect(), decision, differences);
            if (!differences.isEmpty()) {
                failed++;
                problems.add(document.place("cases", i)
                        .problem(
                                Problem.Code.CASE_FAILED,
                                "the case '" + Nearest.shown(one.name()) + "' failed: "
                                        + String.join("; ", differences),
                                decision.why()));
            }
        }
    }

    private static void differences(TestsSpec.ExpectSpec expect, Decision decision, List<String> found) {
        Decision.Mirror mirror = decision.mirror();
        Decision.Denial deny = decision.deny();
        String first = decision.targets().isEmpty()
                ? null
                : decision.targets().getFirst().model();
        differ("rule", expect.rule(), decision.rule(), found);
        differ("action", expect.action(), decision.action().wire(), found);
        differ("model", expect.model(), first, found);
        differ("bucket", expect.bucket(), decision.bucket(), found);
        differ("basis", expect.basis(), decision.basis().wire(), found);
        differ("mirror", expect.mirror(), mirror == null ? null : mirror.model(), found);
        differ("deny", expect.deny(), deny == null ? null : deny.code(), found);
        for (String never : expect.never()) {
            boolean asked = (mirror != null && mirror.model().equals(never))
                    || decision.targets().stream()
                            .anyMatch(target -> target.model().equals(never));
            if (asked) {
                found.add("the model " + never + " may be asked");
            }
        }
    }

    private static void differ(String what, @Nullable Object expected, @Nullable Object actual, List<String> found) {
        if (expected != null && !Objects.equals(expected, actual)) {
            found.add(what + " is " + (actual == null ? "none" : actual) + ", expected " + expected);
        }
    }

    private void coverage(List<Document> tests, List<TestsSpec> specs, List<Document> all) {
        List<Outline.Item> missed = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Outline.Item rule : Outline.items(all, Document.Kind.POLICY, "rules")) {
            String id = rule.document().name() + "/" + rule.fields().text("id");
            if (!reached.contains(id)) {
                missed.add(rule);
                names.add(id);
            }
        }
        int rules = set.ruleCount();
        int share = rules == 0 ? 100 : 100 * (rules - missed.size()) / rules;
        boolean told = false;
        for (int i = 0; i < tests.size(); i++) {
            TestsSpec.CoverageSpec coverage = specs.get(i).coverage();
            if (coverage != null && coverage.minRules() != null && share < coverage.minRules()) {
                told = true;
                problems.add(tests.get(i)
                        .place("coverage", "minRules")
                        .problem(
                                Problem.Code.COVERAGE,
                                "the cases reach " + share + " % of the rules, at least " + coverage.minRules()
                                        + " % are asked",
                                "none is decided by " + String.join(", ", names)));
            }
        }
        for (int i = 0; i < missed.size() && !told; i++) {
            problems.add(
                    missed.get(i).place().problem(Problem.Code.UNTESTED, "no case is decided by rule " + names.get(i)));
        }
    }
}
