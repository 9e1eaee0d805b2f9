package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Kind;
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
