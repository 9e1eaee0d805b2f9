package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schemas and records say the same; what a schema knows and a record does not belongs to a later version. */
class KindSchemasTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Stream<Arguments> shapes() {
        return Stream.of(
                shape(Document.Kind.MODELS, "/properties/spec", ModelsSpec.class),
                shape(Document.Kind.MODELS, "/$defs/model", ModelsSpec.ModelSpec.class),
                shape(Document.Kind.MODELS, "/$defs/local", ModelsSpec.LocalSpec.class, "gpuLayers", "kvType"),
                shape(Document.Kind.MODELS, "/$defs/local/properties/adapter", ModelsSpec.AdapterSpec.class, "perTask"),
                shape(Document.Kind.MODELS, "/$defs/local/properties/source", ModelsSpec.SourceSpec.class),
                shape(Document.Kind.MODELS, "/$defs/upstream", ModelsSpec.UpstreamSpec.class),
                shape(Document.Kind.MODELS, "/$defs/secret", ModelsSpec.SecretSpec.class),
                shape(Document.Kind.MODELS, "/$defs/model/properties/limits", ModelsSpec.LimitsSpec.class),
                shape(Document.Kind.MODELS, "/$defs/price", ModelsSpec.PriceSpec.class),
                shape(Document.Kind.MODELS, "/$defs/price/properties/per1M", ModelsSpec.TokenPriceSpec.class),
                shape(Document.Kind.ACCESS, "/properties/spec", AccessSpec.class),
                shape(Document.Kind.ACCESS, "/properties/spec/properties/anonymous", AccessSpec.AnonymousSpec.class),
                shape(Document.Kind.ACCESS, "/$defs/team", AccessSpec.TeamSpec.class),
                shape(Document.Kind.ACCESS, "/$defs/app", AccessSpec.AppSpec.class, "captureRequired"),
                shape(Document.Kind.ACCESS, "/$defs/limits", AccessSpec.LimitsSpec.class),
                shape(Document.Kind.ACCESS, "/$defs/budget", AccessSpec.BudgetSpec.class),
                shape(Document.Kind.POLICY, "/properties/spec", RulesSpec.class, "gates"),
                shape(Document.Kind.POLICY, "/properties/spec/properties/appliesTo", RulesSpec.AppliesTo.class),
                shape(Document.Kind.POLICY, "/$defs/rule", RulesSpec.RuleSpec.class),
                shape(Document.Kind.POLICY, "/$defs/rule/properties/action", RulesSpec.ActionSpec.class),
                shape(Document.Kind.POLICY, "/$defs/slm", RulesSpec.SlmSpec.class),
                shape(Document.Kind.POLICY, "/$defs/cascade", RulesSpec.CascadeSpec.class),
                shape(Document.Kind.POLICY, "/$defs/shadow", RulesSpec.ShadowSpec.class),
                shape(Document.Kind.POLICY, "/$defs/guard", RulesSpec.GuardSpec.class),
                shape(Document.Kind.POLICY, "/$defs/guard/properties/input", RulesSpec.InputSpec.class),
                shape(Document.Kind.POLICY, "/$defs/guard/properties/output", RulesSpec.OutputSpec.class),
                shape(Document.Kind.POLICY, "/$defs/rollout", RulesSpec.RolloutSpec.class),
                shape(Document.Kind.POLICY, "/$defs/llm", RulesSpec.LlmSpec.class),
                shape(Document.Kind.POLICY, "/$defs/deny", RulesSpec.DenySpec.class),
                shape(Document.Kind.POLICY, "/$defs/range", MatchSpec.RangeSpec.class),
                shape(Document.Kind.POLICY, "/$defs/match/properties/tools", MatchSpec.ToolsSpec.class),
                shape(Document.Kind.TESTS, "/properties/spec", TestsSpec.class),
                shape(Document.Kind.TESTS, "/properties/spec/properties/coverage", TestsSpec.CoverageSpec.class),
                shape(Document.Kind.TESTS, "/$defs/case", TestsSpec.CaseSpec.class),
                shape(Document.Kind.TESTS, "/$defs/given", TestsSpec.GivenSpec.class, "gates"),
                shape(Document.Kind.TESTS, "/$defs/caller", TestsSpec.CallerSpec.class),
                shape(Document.Kind.TESTS, "/$defs/request", TestsSpec.RequestSpec.class),
                shape(Document.Kind.TESTS, "/$defs/task", TestsSpec.TaskSpec.class),
                shape(Document.Kind.TESTS, "/$defs/data", TestsSpec.ContentsSpec.class),
                shape(Document.Kind.TESTS, "/$defs/budget", TestsSpec.BudgetSpec.class),
                shape(Document.Kind.TESTS, "/$defs/signals", TestsSpec.SignalsSpec.class),
                shape(Document.Kind.TESTS, "/$defs/expect", TestsSpec.ExpectSpec.class),
                shape(Document.Kind.CAPTURE, "/$defs/match", MatchSpec.class),
                shape(Document.Kind.CAPTURE, "/properties/spec", CaptureSpec.class, "spool"),
                shape(
                        Document.Kind.CAPTURE,
                        "/properties/spec/properties/default",
                        CaptureSpec.StandardSpec.class,
                        "retention"),
                shape(Document.Kind.CAPTURE, "/$defs/rule", CaptureSpec.CaptureRuleSpec.class, "sample", "retention"),
                shape(Document.Kind.CAPTURE, "/$defs/rule/properties/redact", CaptureSpec.RedactSpec.class));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("shapes")
    void aRecordHasTheFieldsOfItsSchema(Document.Kind kind, String pointer, Class<?> type, Set<String> later)
            throws Exception {
        Set<String> expected = new TreeSet<>(later);
        for (RecordComponent component : type.getRecordComponents()) {
            JsonProperty name = type.getDeclaredField(component.getName()).getAnnotation(JsonProperty.class);
            expected.add(name == null ? component.getName() : name.value());
        }
        JsonNode schema = JSON.readTree(KindSchemas.text(kind)).at(pointer);
        Set<String> known = new TreeSet<>();
        schema.path("properties").fieldNames().forEachRemaining(known::add);
        assertThat(known).isEqualTo(expected);
        assertThat(schema.path("additionalProperties").isBoolean()).as("closed").isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void aMatchHasEveryKey(Document.Kind kind) throws Exception {
        JsonNode match = JSON.readTree(KindSchemas.text(kind)).at("/$defs/match/properties");
        if (kind != Document.Kind.POLICY && kind != Document.Kind.CAPTURE) {
            assertThat(match.isMissingNode()).isTrue();
            return;
        }
        Set<String> known = new TreeSet<>();
        match.fieldNames().forEachRemaining(known::add);
        Set<String> keys = new TreeSet<>(
                Arrays.stream(MatchKey.values()).map(MatchKey::wire).toList());
        if (kind == Document.Kind.POLICY) {
            keys.remove(MatchKey.CONSENT.wire());
        }
        assertThat(known).isEqualTo(keys);
    }

    @Test
    void everyWordOfAListIsOneThatACallCanHave() throws Exception {
        JsonNode match = JSON.readTree(KindSchemas.text(Document.Kind.POLICY)).at("/$defs/match/properties");
        assertThat(words(match, "kind"))
                .containsExactlyElementsOf(
                        Arrays.stream(Kind.values()).map(Kind::wire).toList());
        assertThat(words(match, "phase"))
                .containsExactlyElementsOf(
                        Arrays.stream(Phase.values()).map(Phase::wire).toList());
        assertThat(words(match, "sensitivity"))
                .containsExactlyElementsOf(Arrays.stream(Sensitivity.values())
                        .map(Sensitivity::wire)
                        .toList());
    }

    private static List<String> words(JsonNode match, String key) {
        List<String> words = new ArrayList<>();
        match.at("/" + key + "/items/enum").forEach(word -> words.add(word.asText()));
        return words;
    }

    private static Arguments shape(Document.Kind kind, String pointer, Class<?> type, String... later) {
        return Arguments.of(kind, pointer, type, Set.of(later));
    }
}
