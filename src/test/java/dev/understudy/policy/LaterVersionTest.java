package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the format knows and this version does not do is refused by name, and nothing else is said of it. */
class LaterVersionTest {
    private static final String REST = "{ id: rest, action: { llm: { model: large } } }";

    static Stream<Arguments> features() {
        return Stream.of(
                rule("action: { slm: { model: small, onFailure: deny } }, gate: learned", "gates other than none"),
                policy("  gates: [{ id: learned, p0: 0.95 }]\n", "gates (gates)"),
                models("path: adapters/a", "perTask: true", "adapters by task (perTask)"),
                models(
                        "{ path: small.gguf }",
                        "{ hf: a/b, file: c.gguf, sha256: " + "a".repeat(64) + " }",
                        "model hub (hf)"),
                models("source: { path: small.gguf }", "source: { path: small.gguf }, kvType: q8_0", "(kvType)"),
                models("source: { path: small.gguf }", "source: { path: small.gguf }, gpuLayers: 9", "(gpuLayers)"),
                Arguments.of(
                        Map.of(
                                "models.yaml",
                                Sets.MODELS + "  - { name: pool, tier: slm, upstream: { baseUrl: 'http://x/v1' },"
                                        + " pricing: *cpu }\n"),
                        "a small model behind a base URL"),
                access(
                        "teams:",
                        "sensitivity: { restricted: [card] }\n  teams:",
                        "the scan for findings (sensitivity)"),
                access("name: default }", "name: default, captureRequired: true }", "(captureRequired)"),
                capture("default: { record: none, retention: { body: 30d } }", "retention (retention)"),
                capture("spool: { maxBytes: 4GiB }", "the spool on disk (spool)"),
                capture("rules: [{ id: a, record: full, sample: 0.5 }]", "sampling (sample)"),
                capture("rules: [{ id: a, record: full, retention: {} }]", "retention (retention)"),
                capture("rules: [{ id: a, record: full, redact: { detectors: [secrets, email] } }]", "detectors other"),
                capture(
                        "rules: [{ id: a, record: full, redact: { detectors: [{ words: { kind: x, list: [y] } }] } }]",
                        "detectors other"),
                capture(
                        "rules: [{ id: a, record: full, redact: { detectors: [secrets], mode: token } }]",
                        "modes of redaction other than mask"),
                Arguments.of(
                        Map.of(
                                "tests.yaml",
                                "apiVersion: understudy.dev/v1\nkind: PolicyTests\nmetadata: { name: t }\nspec:\n  cases:\n"
                                        + "  - { name: a, given: { gates: { learned: 100 } }, expect: { rule: p/rest } }\n"),
                        "gates (gates)"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("features")
    void isRefusedByName(Map<String, String> files, String feature) {
        PolicyLoader.Loaded loaded = Sets.load(files);
        List<Problem> errors =
                loaded.problems().stream().filter(Problem::isError).toList();
        assertThat(errors).extracting(Problem::code).containsExactly(Problem.Code.LATER_VERSION);
        assertThat(errors.getFirst().message()).contains(feature).endsWith("belongs to a later version of Understudy");
        assertThat(loaded.set()).isNull();
    }

    @Test
    void aWholeSetOfALaterVersionIsRefusedWithEachOfItsFeatures() {
        String policy = Sets.policy(
                        "{ id: a, match: { kind: [classify] }, action: { cascade: { first: small, escalateTo: large } }, gate: g }",
                        REST)
                + "  gates: [{ id: g }]\n";
        assertThat(Sets.load(Map.of("policy.yaml", policy)).problems())
                .extracting(problem -> problem.line() + " " + problem.code().wire())
                .containsExactly("6 E206", "8 E206");
    }

    private static Arguments rule(String rest, String feature) {
        return Arguments.of(
                Map.of("policy.yaml", Sets.policy("{ id: a, match: { stream: true }, " + rest + " }", REST)), feature);
    }

    private static Arguments policy(String more, String feature) {
        return Arguments.of(Map.of("policy.yaml", Sets.POLICY + more), feature);
    }

    private static Arguments models(String before, String after, String feature) {
        assertThat(Sets.MODELS).contains(before);
        return Arguments.of(Map.of("models.yaml", Sets.MODELS.replace(before, after)), feature);
    }

    private static Arguments access(String before, String after, String feature) {
        assertThat(Sets.ACCESS).contains(before);
        return Arguments.of(Map.of("access.yaml", Sets.ACCESS.replace(before, after)), feature);
    }

    private static Arguments capture(String spec, String feature) {
        String head = "apiVersion: understudy.dev/v1\nkind: Capture\nmetadata: { name: c }\nspec:\n  ";
        return Arguments.of(Map.of("capture.yaml", head + spec + "\n"), feature);
    }
}
