package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Sensitivity;
import dev.understudy.model.Readiness;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shares of calls: who is drawn, what that makes of the decision, and which calls are mirrored. */
class RolloutTest {
    private static final String REST = "{ id: rest, action: { llm: { model: large } } }";

    @ParameterizedTest
    @CsvSource({
        "refunds-2026-11, s-17, 9793",
        "refunds-2026-11, s-18, 506",
        "refunds-2026-11, s-1, 4366",
        "everyone/learned, s-18, 9190"
    })
    void theBucketIsThatOfThePage(String salt, String id, int bucket) {
        assertThat(Rollout.bucket(salt, id)).isEqualTo(bucket);
    }

    @Test
    void aRuleHoldsForTheBucketsBelowItsShare() {
        PolicySet below = shared("percent: 5.06, salt: refunds-2026-11");
        PolicySet above = shared("percent: 5.07, salt: refunds-2026-11");
        Decision out = decide(below, call -> call.session = "s-18");
        assertThat(out.rule()).isEqualTo("p/rest");
        assertThat(out.bucket()).isNull();
        assertThat(out.propensity()).isCloseTo(0.9494, within(1e-9));
        Decision in = decide(above, call -> call.session = "s-18");
        assertThat(in.rule()).isEqualTo("p/a");
        assertThat(in.bucket()).isEqualTo(506);
        assertThat(in.propensity()).isCloseTo(0.0507, within(1e-9));
    }

    @Test
    void nobodyIsInAtNoneAndEverybodyAtAll() {
        assertThat(decide(shared("percent: 0"), call -> {}).rule()).isEqualTo("p/rest");
        Decision all = decide(shared("percent: 100, salt: refunds-2026-11"), call -> call.session = "s-17");
        assertThat(all.rule()).isEqualTo("p/a");
        assertThat(all.bucket()).isEqualTo(9793);
        assertThat(all.propensity()).isEqualTo(1);
    }

    @Test
    void whatIsDrawnIsTheSessionTheKeyOrTheCall() {
        Consumer<Calls> keyed = call -> call.keyId = new UUID(1, 2);
        assertThat(decide(shared("percent: 100, by: key, salt: x"), keyed).bucket())
                .isEqualTo(Rollout.bucket("x", new UUID(1, 2).toString()));
        assertThat(decide(shared("percent: 100, by: key, salt: x"), call -> {}).bucket())
                .isEqualTo(Rollout.bucket("x", "local/default"));
        assertThat(decide(shared("percent: 100, by: call, salt: x"), call -> {}).bucket())
                .isEqualTo(Rollout.bucket("x", new Calls().call().id().toString()));
        assertThat(decide(shared("percent: 100"), call -> {}).bucket()).isEqualTo(Rollout.bucket("p/a", "s-1"));
    }

    @Test
    void theSharesOfAllRulesThatAskTheSameModelFirstAddUp() {
        String slm =
                "action: { slm: { model: %s, onFailure: large } }, gate: none, rollout: { percent: %s, salt: %s } }";
        PolicySet set = Sets.withRules(
                "{ id: a, " + slm.formatted("small", "10", "x"),
                "{ id: b, " + slm.formatted("adapted", "30", "x"),
                "{ id: c, " + slm.formatted("small", "50", "y"),
                REST);
        // one draw under x: small below 10 %, adapted from there to 30 %; then another under y
        double small = 0.1 + 0.7 * 0.5;
        for (int i = 0; i < 40; i++) {
            String session = "s-" + i;
            Decision decision = decide(set, call -> call.session = session);
            double expected = switch (decision.targets().getFirst().model()) {
                case "small" -> small;
                case "adapted" -> 0.2;
                default -> 0.35;
            };
            assertThat(decision.propensity()).isCloseTo(expected, within(1e-9));
        }
    }

    @Test
    void aLargeModelServesWhileASmallOneAnswersBesideIt() {
        PolicySet set = Sets.withRules("{ id: a, action: { shadow: { serve: large, mirror: small } } }");
        Decision decision = decide(set, call -> {});
        assertThat(decision.action()).isEqualTo(Decision.Action.SHADOW);
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.mirror()).isEqualTo(new Decision.Mirror("small", Decision.Mirror.Reason.RULE, 1, 8));
    }

    @Test
    void onlyTheSessionsOfTheSampleAreMirrored() {
        PolicySet set = Sets.withRules(
                "{ id: a, action: { shadow: { serve: large, mirror: small, sample: 0.25, maxInflight: 2 } } }");
        int mirrored = 0;
        for (int i = 0; i < 400; i++) {
            String session = "s-" + i;
            Decision.Mirror mirror = decide(set, call -> call.session = session).mirror();
            assertThat(mirror != null).isEqualTo(Rollout.bucket("p/a/mirror", session) < 2_500);
            mirrored += mirror == null ? 0 : 1;
            assertThat(mirror == null ? 0.25 : mirror.probability()).isEqualTo(0.25);
        }
        assertThat(mirrored).isBetween(70, 130);
    }

    @Test
    void noMirrorRunsWhereItsModelMayNot() {
        PolicySet set = Sets.withRules("{ id: a, action: { shadow: { serve: large, mirror: small } } }");
        assertThat(decide(set, call -> call.slmOff = true).mirror()).isNull();
        assertThat(decide(set, call -> call.tierForced = true).mirror()).isNull();
        assertThat(decide(set, call -> call.n = 2).mirror()).isNull();
        assertThat(decide(set, call -> call.latched = true).mirror()).isNotNull();
        String inside = "{ id: a, action: { shadow: { serve: inner, mirror: outer } } }";
        PolicySet restricted = Objects.requireNonNull(Sets.load(Map.of(
                        "models.yaml",
                        Sets.MODELS
                                + "  - { name: inner, tier: llm, trust: inside, upstream: { baseUrl: 'http://x/v1' },"
                                + " pricing: *cpu }\n"
                                + "  - { name: outer, tier: slm, trust: outside, local: { source: { path: b.gguf } },"
                                + " pricing: *cpu }\n",
                        "policy.yaml",
                        Sets.policy(inside)))
                .set());
        assertThat(decide(restricted, call -> {}).mirror()).isNotNull();
        Decision decision = decide(restricted, call -> call.sensitivity = Sensitivity.RESTRICTED);
        assertThat(decision.targets()).hasSize(1);
        assertThat(decision.mirror()).isNull();
    }

    private static PolicySet shared(String rollout) {
        return Sets.withRules(
                "{ id: a, action: { cascade: { first: small, escalateTo: large } }, gate: none, rollout: { " + rollout
                        + " } }",
                REST);
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change) {
        Calls calls = new Calls();
        change.accept(calls);
        return Decider.decide(calls.call(), calls.caller(), calls.signals(), set, model -> Readiness.READY);
    }
}
