package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Purpose;
import dev.understudy.model.Readiness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person reads about the starter set; the golden files are the promise. */
class ExplainerTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/policy");

    private static final Map<String, Consumer<Calls>> CALLS = Map.of(
            "demo-tools",
            call -> {
                call.model = "demo-agent";
                call.task = "demo-tools";
                call.kind = Kind.TOOL_CALL;
                call.tool("a").tool("b");
            },
            "alone",
            call -> call.providerKey = null,
            "own-key",
            call -> {},
            "too-many-answers",
            call -> {
                call.model = "starter";
                call.n = 2;
            },
            "not-allowed",
            call -> {
                call.model = "gpt-5";
                call.models = List.of("demo-*");
            });

    private final PolicySet set = Objects.requireNonNull(new PolicyLoader(Surroundings.of(Map.of()))
            .load(Path.of("policies"))
            .set());

    @Test
    void showsWhatWasDrawnAndWhoGivesWayToALoop() {
        String drawn = "{ id: %s, match: { kind: [answer] }, action: { %s }, gate: none,"
                + " rollout: { percent: %s, salt: refunds-2026-11 } }";
        String cascade = "cascade: { first: %s, escalateTo: large }";
        PolicySet rules = Sets.withRules(
                drawn.formatted("out", cascade.formatted("adapted"), "5.06"),
                drawn.formatted("in", cascade.formatted("small"), "25"),
                "{ id: rest, action: { shadow: { serve: large, mirror: small } } }");
        Calls calls = new Calls();
        calls.session = "s-18";
        assertThat(explain(calls, rules))
                .contains(
                        "rule      p/out   fails at rollout (bucket 506 is not in 5.06 %)",
                        "rule      p/in    decides",
                        "rule      p/rest  holds too, asked later",
                        "decision  small, held back and verified, else large",
                        "drawn     bucket 506, this model is asked first with probability 0.1994");
        calls.loop = Loop.of("adapted");
        assertThat(explain(calls, rules))
                .contains(
                        "rule      p/out   decides",
                        "decision  adapted, held back and verified, else large",
                        "why       rule p/out: the open tool loop goes on with adapted");
        calls.session = "s-17";
        assertThat(explain(calls, rules)).contains("rule      p/rest  holds too, asked later");
        calls.loop = Loop.NONE;
        assertThat(explain(calls, rules)).contains("decision  large; small answers beside, unheard");
    }

    private static List<String> explain(Calls calls, PolicySet rules) {
        return Explainer.explain(calls.call(), calls.caller(), calls.signals(), rules, model -> Readiness.READY)
                .lines();
    }

    @ParameterizedTest
    @CsvSource({"demo-tools", "alone", "own-key", "too-many-answers", "not-allowed"})
    void saysForEachRuleWhatKeptItFromHolding(String name) throws IOException {
        Calls calls = new Calls();
        calls.consent = Set.of(Purpose.values());
        Objects.requireNonNull(CALLS.get(name)).accept(calls);
        List<String> lines = Explainer.explain(
                        calls.call(), calls.caller(), calls.signals(), set, model -> Readiness.READY)
                .lines();
        assertThat(lines.removeLast()).isEqualTo("policy    " + set.revision());
        assertThat(lines).containsExactlyElementsOf(Files.readAllLines(GOLDEN.resolve("explain-" + name + ".txt")));
    }
}
