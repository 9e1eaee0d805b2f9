package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Kind;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Conditions in CEL: what they see of a call, and what becomes of one that cannot be evaluated. */
class WhenTest {
    private static final String REST = "{ id: rest, action: { llm: { model: large } } }";

    /** A condition, a call for which it holds, and one for which it does not. */
    static Stream<Arguments> conditions() {
        return Stream.of(
                condition(
                        "caller.team == 'local' && caller.app == 'default'", call -> {}, call -> call.team = "support"),
                condition("caller.key != ''", call -> call.keyId = new UUID(1, 2), call -> {}),
                condition(
                        "'tier' in caller.tags && caller.tags['tier'] == 'gold'",
                        call -> call.tags = Map.of("tier", "gold"),
                        call -> {}),
                condition("req.model.startsWith('gpt-') && req.api == 'chat'", call -> {}, call -> call.model = "o3"),
                condition("req.model.matches('^gpt-[a-z]$')", call -> {}, call -> call.model = "gpt-xy"),
                condition(
                        "req.tools.exists(t, t.startsWith('get_')) && size(req.tools) == 1",
                        call -> call.tool("get_x"),
                        call -> call.tool("rm")),
                condition("req.tokens < 150 && req.max_tokens == 0", call -> {}, call -> call.tokens = 150),
                condition("req.tokens < 150", call -> {}, call -> call.unknown.put("tokens", "failed")),
                condition("!req.stream && !req.images && req.turns == 1", call -> {}, call -> call.stream = true),
                condition(
                        "task.name == 'greet' && task.site == '00112233445566aa'",
                        call -> {},
                        call -> call.task = null),
                condition(
                        "task.kind == 'answer' && req.phase == 'user_turn'", call -> {}, call -> call.kind = Kind.CHAT),
                condition("task.kind == ''", call -> call.unknown.put("kind", "failed"), call -> {}),
                condition(
                        "data.sensitivity == 'internal'",
                        call -> {},
                        call -> call.unknown.put("sensitivity", "failed")),
                condition("req.headers['x-y'] == 'z'", call -> call.headers.put("x-y", "z"), call -> {}),
                condition("budget.used > 0.8", call -> call.budgetUsed = 0.9, call -> {}),
                condition("budget.left > 1e9", call -> {}, call -> call.unknown.put("none", "x"), true),
                condition("req.session == 's-9'", call -> call.session = "s-9", call -> {}),
                condition("now < timestamp('2026-06-01T00:00:00Z')", call -> {}, call -> {}, true));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("conditions")
    void aRuleHoldsWhereItsConditionDoes(String when, Consumer<Calls> yes, Consumer<Calls> no, boolean always) {
        PolicySet set = with(when);
        assertThat(decide(set, yes).rule()).isEqualTo("p/a");
        assertThat(decide(set, no).rule()).isEqualTo(always ? "p/a" : "p/rest");
    }

    @Test
    void whatCannotBeEvaluatedDoesNotHoldAndIsCounted() {
        PolicyLoader loader = new PolicyLoader(Surroundings.of(Map.of()));
        PolicySet set = Objects.requireNonNull(loader.load(
                        Sets.files(Map.of("policy.yaml", Sets.policy(rule("req.headers['x'] == 'y'"), REST))))
                .set());
        assertThat(decide(set, call -> {}).rule()).isEqualTo("p/rest");
        assertThat(decide(set, call -> {}).rule()).isEqualTo("p/rest");
        assertThat(loader.failedConditions().sum()).isEqualTo(2);
        Calls calls = new Calls();
        assertThat(Explainer.explain(calls.call(), calls.caller(), calls.signals(), set, model -> Readiness.READY)
                        .rules())
                .extracting(line -> line.rule() + " " + line.verdict().words() + " " + line.key())
                .containsExactly("p/a fails when (could not be evaluated)", "p/rest decides ");
    }

    @Test
    void aLoopTooManyIsCutOff() {
        PolicySet set = with("req.tools.all(a, req.tools.all(b, a == b))");
        Consumer<Calls> few = call -> {
            for (int i = 0; i < 20; i++) {
                call.tool("same");
            }
        };
        Consumer<Calls> many = call -> {
            for (int i = 0; i < 500; i++) {
                call.tool("same");
            }
        };
        assertThat(decide(set, few).rule()).isEqualTo("p/a");
        assertThat(decide(set, many).rule()).isEqualTo("p/rest");
    }

    @Test
    void aConditionIsAskedAfterMatchAndExcept() {
        PolicySet set = Sets.withRules(
                rule("req.tokens < 500")
                        .replace("action:", "match: { kind: [answer] }, except: { stream: true }, action:"),
                REST);
        assertThat(decide(set, call -> {}).rule()).isEqualTo("p/a");
        assertThat(decide(set, call -> call.stream = true).rule()).isEqualTo("p/rest");
        assertThat(decide(set, call -> call.tokens = 500).rule()).isEqualTo("p/rest");
    }

    @Test
    void aRuleWithAConditionTakesNotEverything() {
        List<Problem> problems = Sets.load(Map.of("policy.yaml", Sets.policy(rule("req.stream"))))
                .problems();
        assertThat(problems).extracting(Problem::code).containsExactly(Problem.Code.NO_CATCH_ALL);
        assertThat(Sets.load(Map.of("policy.yaml", Sets.policy(rule("req.stream"), REST)))
                        .problems())
                .isEmpty();
    }

    @Test
    void oneTextIsCompiledOnce() {
        Expressions expressions = new Expressions();
        Expression first = expressions.sound("req.stream", Expressions.Scope.CALL);
        assertThat(expressions.sound("req.stream", Expressions.Scope.CALL)).isSameAs(first);
        assertThat(expressions.sound("req.stream", Expressions.Scope.ANSWER)).isNotSameAs(first);
    }

    @Test
    void captureRulesTakeConditionsToo() {
        String capture = """
                apiVersion: understudy.dev/v1
                kind: Capture
                metadata: { name: c }
                spec:
                  rules:
                  - { id: short, when: req.tokens < 50, record: full, purposes: [debug] }
                """;
        PolicySet set = Objects.requireNonNull(
                Sets.load(Map.of("capture.yaml", capture)).set());
        assertThat(decide(set, call -> {}).capture().record()).isEqualTo(CaptureOrder.Level.METADATA);
        assertThat(decide(set, call -> call.tokens = 49).capture().rule()).isEqualTo("c/short");
    }

    private static PolicySet with(String when) {
        return Sets.withRules(rule(when), REST);
    }

    private static String rule(String when) {
        return "{ id: a, action: { llm: { model: spare } }, when: \"" + when + "\" }";
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change) {
        Calls calls = new Calls();
        change.accept(calls);
        return Decider.decide(calls.call(), calls.caller(), calls.signals(), set, model -> Readiness.READY);
    }

    private static Arguments condition(String when, Consumer<Calls> yes, Consumer<Calls> no) {
        return condition(when, yes, no, false);
    }

    private static Arguments condition(String when, Consumer<Calls> yes, Consumer<Calls> no, boolean always) {
        return Arguments.of(when, yes, no, always);
    }
}
