package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Loop;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is looked for in calls and answers: the strictest word counts, and nobody looks where nobody asks. */
class GuardTest {
    private static final String CASCADE =
            "{ id: a, action: { cascade: { first: small, escalateTo: large } }, gate: none%s }";

    @ParameterizedTest
    @CsvSource({
        "off, small, ''",
        "note, small, ''",
        "llm, large, guard",
    })
    void aFindingKeepsSmallModelsOutWhereTheGuardSaysSo(String word, String first, String dropped) {
        PolicySet set = guarded("input: { secrets: " + word + " }");
        Decision decision = decide(set, call -> call.findings = Set.of("secret"));
        assertThat(decision.targets().getFirst()).isEqualTo(new Decision.Target(first, Attempt.Role.SERVE));
        assertThat(decision.dropped().stream().map(Decision.Dropped::code).toList())
                .isEqualTo(dropped.isEmpty() ? List.of() : List.of(dropped));
        assertThat(decide(set, call -> {}).targets().getFirst().model()).isEqualTo("small");
        assertThat(decide(set, call -> call.findings = Set.of("injection"))
                        .targets()
                        .getFirst()
                        .model())
                .isEqualTo("small");
    }

    @Test
    void aFindingIsDeniedWhereTheGuardSaysSo() {
        PolicySet set = guarded("input: { injection: deny }");
        Decision decision = decide(set, call -> call.findings = Set.of("injection"));
        assertThat(decision.rule()).isEqualTo("p/a");
        assertThat(decision.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(403);
            assertThat(denial.code()).isEqualTo("policy_guard");
        });
        Decision inLoop = decide(set, call -> {
            call.findings = Set.of("injection");
            call.loop = Loop.of("small");
        });
        assertThat(inLoop.deny()).isNotNull();
        assertThat(decide(set, call -> call.findings = Set.of("secret")).deny()).isNull();
    }

    @Test
    void withoutALargeModelTheGuardLeavesNobody() {
        PolicySet set = Sets.withRules("{ id: a, action: { slm: { model: small, onFailure: deny } }, gate: none,"
                + " guard: { input: { secrets: llm } } }");
        assertThat(decide(set, call -> call.findings = Set.of("secret")).deny())
                .isNotNull()
                .satisfies(denial -> {
                    assertThat(denial.status()).isEqualTo(403);
                    assertThat(denial.code()).isEqualTo("no_eligible_model");
                });
    }

    @Test
    void theStrictestOfAllPoliciesAndTheRuleCounts() {
        String other = Sets.POLICY
                .replace("name: p", "name: strict")
                .replace(
                        "  rules:",
                        "  priority: -5\n  guard: { input: { secrets: deny }, output: { secrets: note } }\n  rules:");
        PolicySet set = Objects.requireNonNull(Sets.load(Map.of(
                        "policy.yaml",
                        Sets.policy(CASCADE.formatted(
                                ", guard: { input: { secrets: note, injection: llm }, output: { secrets: deny } }")),
                        "strict.yaml",
                        other))
                .set());
        Decision denied = decide(set, call -> call.findings = Set.of("secret"));
        assertThat(denied.rule()).isEqualTo("p/a");
        assertThat(denied.deny()).isNotNull();
        Decision kept = decide(set, call -> call.findings = Set.of("injection"));
        assertThat(kept.dropped()).extracting(Decision.Dropped::code).containsExactly("guard");
        assertThat(kept.demands().outputSecrets()).isEqualTo(Demands.Secrets.DENY);
    }

    @Test
    void anOutputGuardIsAskedOfEveryAnswer() {
        String guard = "output: { secrets: note, cel: [\"answer.tokens < 100 && answer.finish == 'stop'\","
                + " \"!answer.text.contains(caller.team)\", \"answer.tools.all(t, t in req.tools)\", \"answer.ms < 2000\"] }";
        Decision decision = decide(guarded(guard), call -> call.tool("get_x"));
        assertThat(decision.demands().outputSecrets()).isEqualTo(Demands.Secrets.NOTE);
        assertThat(decision.demands().checks())
                .extracting(Demands.Check::place)
                .containsExactly(
                        "p/a/guard.output.cel[0]",
                        "p/a/guard.output.cel[1]",
                        "p/a/guard.output.cel[2]",
                        "p/a/guard.output.cel[3]");
        assertThat(failed(decision, new AnswerFacts("stop", "fine", List.of("get_x"), 99, 5)))
                .isEmpty();
        assertThat(failed(decision, new AnswerFacts("length", "for local", List.of("rm"), 100, 2000)))
                .containsExactly(0, 1, 2, 3);
        assertThat(failed(decision, new AnswerFacts("stop", "x".repeat(40_000), List.of(), 1, 1)))
                .containsExactly(0, 1, 2, 3);
        Decision large = decide(guarded(guard), call -> call.n = 2);
        assertThat(large.demands().checks()).hasSize(4);
        assertThat(large.demands().budget()).isNull();
    }

    @Test
    void contentsAreSearchedOnlyForCallersOfAGuardThatAsks() {
        Calls calls = new Calls();
        assertThat(guarded("input: { secrets: note }").looksInto(calls.caller()))
                .isTrue();
        assertThat(guarded("input: { secrets: off, injection: off }").looksInto(calls.caller()))
                .isFalse();
        assertThat(guarded("output: { secrets: deny }").looksInto(calls.caller()))
                .isFalse();
        PolicySet others = Sets.withRules(
                "{ id: a, match: { teams: [support] }, action: { llm: { model: large } }, guard: { input: { secrets:"
                        + " deny } } }",
                "{ id: rest, action: { llm: { model: large } } }");
        assertThat(others.looksInto(calls.caller())).isFalse();
        calls.team = "support";
        calls.app = "bot";
        assertThat(others.looksInto(calls.caller())).isTrue();
    }

    private static List<Integer> failed(Decision decision, AnswerFacts answer) {
        List<Demands.Check> checks = decision.demands().checks();
        return IntStream.range(0, checks.size())
                .filter(i -> !checks.get(i).holds(answer))
                .boxed()
                .toList();
    }

    private static PolicySet guarded(String guard) {
        return Sets.withRules(CASCADE.formatted(", guard: { " + guard + " }"));
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change) {
        Calls calls = new Calls();
        change.accept(calls);
        return Decider.decide(calls.call(), calls.caller(), calls.signals(), set, model -> Readiness.READY);
    }
}
