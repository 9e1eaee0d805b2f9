package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Purpose;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import dev.understudy.call.ToolChoice;
import dev.understudy.model.Readiness;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DeciderTest {
    private static final String REST = "{ id: rest, action: { llm: { model: large, fallbacks: [spare] } } }";
    private static final String SMALL = "action: { slm: { model: small, onFailure: large } }, gate: none }";
    private static final String ONLY_SMALL =
            "{ id: rest, action: { slm: { model: small, onFailure: deny } }, gate: none }";

    /** A condition, a call for which it holds, and one for which it does not. */
    static Stream<Arguments> conditions() {
        return Stream.of(
                condition("match: { teams: ['loc*'] }", call -> {}, call -> call.team = "support"),
                condition("match: { apps: [default] }", call -> {}, call -> call.app = "bot"),
                condition("match: { keys: ['*'] }", call -> call.keyId = new UUID(1, 2), call -> {}),
                condition(
                        "match: { tags: { tier: gold } }",
                        call -> call.tags = Map.of("tier", "gold", "x", "y"),
                        call -> {}),
                condition("match: { model: ['gpt-*', other] }", call -> {}, call -> call.model = "o3"),
                condition("match: { task: [greet] }", call -> {}, call -> call.task = "part"),
                condition("match: { task: ['00112233445566aa'] }", call -> {}, call -> call.site = "ff112233445566aa"),
                condition("match: { kind: [extract, answer] }", call -> {}, call -> call.kind = Kind.CHAT),
                condition("match: { phase: [user_turn] }", call -> {}, call -> call.phase = Phase.ERROR_REPAIR),
                condition(
                        "match: { tools: { anyOf: ['get_*'], noneOf: [rm] } }",
                        call -> call.tool("get_x"),
                        call -> call.tool("get_x").tool("rm")),
                condition(
                        "match: { tools: { allOf: [a, b], count: { max: 2 } } }",
                        call -> call.tool("a").tool("b"),
                        call -> call.tool("a").tool("c")),
                condition(
                        "match: { toolChoice: [required, named] }",
                        call -> call.toolChoice = new ToolChoice.Named("x"),
                        call -> call.toolChoice = new ToolChoice.Auto()),
                condition(
                        "match: { responseFormat: [json_object] }",
                        call -> call.format = new ResponseFormat(ResponseFormat.Type.JSON_OBJECT, "", null, false),
                        call -> {}),
                condition("match: { tokens: { min: 50, max: 100 } }", call -> {}, call -> call.tokens = 101),
                condition("match: { maxTokens: { max: 0 } }", call -> {}, call -> call.maxTokens = 5),
                condition("match: { turns: { max: 1 } }", call -> {}, call -> call.turn = 2),
                condition("match: { stream: false }", call -> {}, call -> call.stream = true),
                condition(
                        "match: { sensitivity: [internal] }",
                        call -> {},
                        call -> call.sensitivity = Sensitivity.PUBLIC),
                condition("match: { unavailable: [large] }", call -> call.providerKey = null, call -> {}),
                condition(
                        "match: { api: [chat] }, except: { kind: [chat] }", call -> {}, call -> call.kind = Kind.CHAT),
                condition("match: { kind: [answer] }", call -> {}, call -> call.unknown.put("kind", "failed")),
                condition("except: { kind: [chat] }", call -> {}, call -> call.unknown.put("kind", "failed")),
                condition("except: { task: [other] }", call -> {}, call -> {
                    call.task = null;
                    call.site = null;
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("conditions")
    void aRuleHoldsExactlyForItsCalls(String condition, Consumer<Calls> yes, Consumer<Calls> no) {
        PolicySet set = Sets.withRules("{ id: a, " + condition + ", " + SMALL, REST);
        assertThat(decide(set, yes).rule()).isEqualTo("p/a");
        assertThat(decide(set, no).rule()).isEqualTo("p/rest");
    }

    /** What a small model cannot take, the stored code, and the error when nobody else is left. */
    static Stream<Arguments> unfit() {
        return Stream.of(
                drop(call -> call.tierForced = true, "tier_forced", 403, "no_eligible_model", null),
                drop(
                        call -> call.partKinds = List.of("text", "image_url"),
                        "modality",
                        400,
                        "unsupported_parameter",
                        "messages"),
                drop(call -> call.n = 2, "parameter", 400, "unsupported_parameter", "n"),
                drop(call -> call.parameters.add("logprobs"), "parameter", 400, "unsupported_parameter", "logprobs"),
                drop(
                        call -> call.format = new ResponseFormat(ResponseFormat.Type.OTHER, "", null, false),
                        "parameter",
                        400,
                        "unsupported_parameter",
                        "response_format"),
                drop(
                        call -> call.tools.add(new Tool("web_search", "web_search", "", null)),
                        "hosted",
                        400,
                        "unsupported_parameter",
                        "tools"),
                drop(call -> call.store = true, "hosted", 400, "unsupported_parameter", "store"),
                drop(call -> call.tool("a").tool("b").tool("c"), "tools", 400, "unsupported_value", "tools"),
                drop(DeciderTest::deepSchema, "schema", 400, "unsupported_value", "tools"),
                drop(call -> call.maxTokens = 901, "context", 400, "context_length_exceeded", "messages"));
    }

    @ParameterizedTest(name = "{1} {4}")
    @MethodSource("unfit")
    void anUnfitModelIsDroppedAndTheNextTaken(
            Consumer<Calls> change, String code, int status, String error, String param) {
        Decision next = decide(Sets.withRules("{ id: a, " + SMALL), change);
        assertThat(next.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(next.dropped()).extracting(Decision.Dropped::code).containsExactly(code);
        assertThat(next.basis()).isEqualTo(code.equals("tier_forced") ? Decision.Basis.FORCED : Decision.Basis.RULE);

        Decision none = decide(Sets.withRules(ONLY_SMALL), change);
        assertThat(none.targets()).isEmpty();
        assertThat(none.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(status);
            assertThat(denial.code()).isEqualTo(error);
            assertThat(denial.param()).isEqualTo(param);
        });
    }

    @Test
    void restrictedContentsReachNoModelOutside() {
        PolicySet set = Sets.withRules("{ id: a, " + SMALL);
        Consumer<Calls> restricted = call -> call.sensitivity = Sensitivity.RESTRICTED;
        assertThat(decide(set, restricted).targets()).containsExactly(new Decision.Target("small", Attempt.Role.SERVE));
        Decision denied = decide(Sets.withRules(REST), restricted);
        assertThat(denied.dropped()).extracting(Decision.Dropped::code).containsExactly("restricted", "restricted");
        assertThat(denied.deny())
                .isNotNull()
                .extracting(Decision.Denial::status)
                .isEqualTo(403);
    }

    @Test
    void aLoadingModelIsBusyAndAMissingOneUnavailable() {
        PolicySet set = Sets.withRules(ONLY_SMALL);
        Decision loading = decide(set, call -> {}, model -> Readiness.loading("weights load"));
        assertThat(loading.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(503);
            assertThat(denial.code()).isEqualTo("server_is_overloaded");
        });
        Decision missing = decide(set, call -> {}, model -> Readiness.unavailable("no file /secret/path"));
        assertThat(missing.dropped()).extracting(Decision.Dropped::code).containsExactly("unavailable");
        assertThat(missing.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.code()).isEqualTo("no_eligible_model");
            assertThat(denial.message()).doesNotContain("/secret/path");
        });
    }

    @Test
    void aFailingModelIsPassedOverAndNoOtherRuleTakesTheCall() {
        PolicySet set = Sets.withRules("{ id: a, " + SMALL, REST);
        Decision next = decide(
                set, call -> {}, model -> model.equals("small") ? Readiness.failing("it failed", 5) : Readiness.READY);
        assertThat(next.rule()).isEqualTo(decide(set, call -> {}).rule());
        assertThat(next.dropped()).extracting(Decision.Dropped::code).containsExactly("failing");
        assertThat(next.targets()).extracting(Decision.Target::model).doesNotContain("small");
        Decision denied = decide(set, call -> {}, model -> Readiness.failing("it failed", 5));
        assertThat(denied.rule()).isEqualTo(next.rule());
        assertThat(denied.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(503);
            assertThat(denial.code()).isEqualTo("server_is_overloaded");
        });
    }

    @Test
    void withoutAnyKeyTheModelThatForwardsIsPassedOver() {
        Decision decision = decide(Sets.withRules(REST), call -> call.providerKey = null);
        assertThat(decision.targets()).containsExactly(new Decision.Target("spare", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("unavailable");
    }

    @Test
    void aForwardedKeyGoesToOneAddressOnly() {
        String models = Sets.MODELS.replace("model: fixed }", "apiKey: { env: OTHER, else: forward } }");
        PolicySet set =
                Objects.requireNonNull(Sets.load(Map.of("models.yaml", models)).set());
        Decision decision = decide(set, call -> {});
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::model).containsExactly("spare");
    }

    @Test
    void aNameThatIsNotAllowedSoundsLikeOneThatDoesNotExist() {
        PolicySet open = Sets.withRules(REST);
        Decision forbidden = decide(open, call -> call.models = List.of("mini-*"));
        assertThat(forbidden.rule()).isNull();
        assertThat(forbidden.basis()).isEqualTo(Decision.Basis.NONE);
        String closedModels = Sets.MODELS.replace(", apiKey: { env: LARGE_KEY, else: forward }", ", model: fixed");
        PolicySet closed = Objects.requireNonNull(
                Sets.load(Map.of("models.yaml", closedModels)).set());
        Decision unknown = decide(closed, call -> {});
        assertThat(unknown.deny()).isEqualTo(forbidden.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(404);
            assertThat(denial.code()).isEqualTo("model_not_found");
            assertThat(denial.param()).isEqualTo("model");
        });
        assertThat(decide(closed, call -> call.model = "small").deny()).isNull();
    }

    @Test
    void aNameThatARuleIsForExists() {
        String closedModels = Sets.MODELS.replace(", apiKey: { env: LARGE_KEY, else: forward }", ", model: fixed");
        PolicySet set = Objects.requireNonNull(Sets.load(Map.of(
                        "models.yaml",
                        closedModels,
                        "policy.yaml",
                        Sets.policy(
                                "{ id: demo, match: { model: ['demo-*'] }, action: { llm: { model: large } } }", REST)))
                .set());
        assertThat(decide(set, call -> call.model = "demo-x").rule()).isEqualTo("p/demo");
    }

    @Test
    void denyAnswersWithItsOwnWords() {
        PolicySet set = Sets.withRules(
                "{ id: no, match: { stream: false }, action: { deny: { status: 451, code: policy_law, message: No. } } }",
                REST);
        Decision decision = decide(set, call -> {});
        assertThat(decision.action()).isEqualTo(Decision.Action.DENY);
        assertThat(decision.deny()).isEqualTo(new Decision.Denial(451, "policy_law", "No.", null));
        assertThat(decision.why()).isEqualTo("rule p/no: a call with such stream is denied");
    }

    @Test
    void whySaysWhatWasSeenAndWhoIsPassedOver() {
        PolicySet set = Sets.withRules("{ id: a, match: { teams: [local], task: [greet] }, " + SMALL, REST);
        assertThat(decide(set, call -> {}).why()).isEqualTo("rule p/a: task greet goes to small");
        assertThat(decide(set, call -> call.n = 3).why())
                .isEqualTo("rule p/a: task greet goes to large, since small was dropped (parameter: small models give"
                        + " one answer a call)");
        assertThat(decide(set, call -> call.task = "x").why()).isEqualTo("rule p/rest: every other call goes to large");
    }

    @Test
    void policiesAreAskedByPriorityThenByName() {
        String first = Sets.POLICY
                .replace("name: p", "name: z")
                .replace("  rules:", "  priority: 5\n  appliesTo: { teams: [support] }\n  rules:")
                .replace("id: rest", "id: own");
        PolicySet set =
                Objects.requireNonNull(Sets.load(Map.of("z.yaml", first)).set());
        assertThat(decide(set, call -> {
                            call.team = "support";
                            call.app = "bot";
                        })
                        .rule())
                .isEqualTo("z/own");
        assertThat(decide(set, call -> {}).rule()).isEqualTo("p/rest");
    }

    @Test
    void aBodyIsKeptOnlyWhereRuleConsentAndRequestAgree() {
        String capture = """
                apiVersion: understudy.dev/v1
                kind: Capture
                metadata: { name: c }
                spec:
                  rules:
                  - { id: all, match: { teams: [local] }, record: full, purposes: [debug, training] }
                """;
        PolicySet set = Objects.requireNonNull(
                Sets.load(Map.of("capture.yaml", capture)).set());
        assertThat(decide(set, call -> call.consent = Set.of(Purpose.DEBUG, Purpose.EVALUATION))
                        .capture())
                .satisfies(order -> {
                    assertThat(order.record().wire()).isEqualTo("full");
                    assertThat(order.purposes()).containsExactly(Purpose.DEBUG);
                    assertThat(order.redact()).containsExactly("secrets");
                    assertThat(order.rule()).isEqualTo("c/all");
                });
        assertThat(decide(set, call -> call.consent = Set.of(Purpose.EVALUATION))
                        .capture()
                        .record()
                        .wire())
                .isEqualTo("metadata");
        assertThat(decide(set, call -> call.store = false).capture().record().wire())
                .isEqualTo("metadata");
        assertThat(decide(set, call -> call.team = "support").capture().rule()).isEqualTo("default");
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change) {
        return decide(set, change, model -> Readiness.READY);
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change, Function<String, Readiness> readiness) {
        Calls calls = new Calls();
        change.accept(calls);
        return Decider.decide(calls.call(), calls.caller(), calls.signals(), set, readiness);
    }

    private static void deepSchema(Calls call) {
        call.body = ("{\"a\":".repeat(70) + "1" + "}".repeat(70)).getBytes(StandardCharsets.UTF_8);
        call.tools.add(new Tool("deep", "function", "", new Span(0, call.body.length)));
    }

    private static Arguments condition(String condition, Consumer<Calls> yes, Consumer<Calls> no) {
        return Arguments.of(condition, yes, no);
    }

    private static Arguments drop(
            Consumer<Calls> change, String code, int status, String error, @Nullable String param) {
        return Arguments.of(change, code, status, error, param);
    }
}
