package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import dev.understudy.model.Readiness;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Small model first, large one behind: who is asked, and what an open loop, a latch or a switch changes. */
class CascadeDecisionTest {
    private static final String REST = "{ id: rest, action: { llm: { model: large } } }";
    private static final String CASCADE =
            "{ id: a, match: { kind: [answer] }, action: { cascade: { first: small, escalateTo: large } }, gate: none }";
    private static final String ALONE =
            "{ id: a, match: { kind: [answer] }, action: { slm: { model: small, onFailure: deny } }, gate: none }";

    @Test
    void theSmallModelServesAndTheLargeOneStandsBehind() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> {});
        assertThat(decision.action()).isEqualTo(Decision.Action.CASCADE);
        assertThat(decision.targets())
                .containsExactly(
                        new Decision.Target("small", Attempt.Role.SERVE),
                        new Decision.Target("large", Attempt.Role.ESCALATE));
        assertThat(decision.demands())
                .isEqualTo(new Demands(Duration.ofMillis(2_500), null, Demands.Secrets.OFF, List.of()));
        assertThat(decision.basis()).isEqualTo(Decision.Basis.RULE);
        assertThat(decision.mirror()).isNull();
    }

    @Test
    void budgetAndMarginAreTheRules() {
        String rule =
                "{ id: a, action: { cascade: { first: small, escalateTo: large, budgetMs: 900, minMargin: 1.5 } },"
                        + " gate: none }";
        assertThat(decide(Sets.withRules(rule), call -> {}).demands())
                .isEqualTo(new Demands(Duration.ofMillis(900), 1.5, Demands.Secrets.OFF, List.of()));
        String slm = "{ id: a, action: { slm: { model: small, onFailure: large, minMargin: 2 } }, gate: none }";
        assertThat(decide(Sets.withRules(slm), call -> {}).demands())
                .isEqualTo(new Demands(null, 2.0, Demands.Secrets.OFF, List.of()));
    }

    @Test
    void whatTheSmallModelCannotTakeGoesToTheLargeOneDirectly() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> call.n = 2);
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped())
                .extracting(drop -> drop.model() + " " + drop.code())
                .containsExactly("small parameter");
        assertThat(decision.demands()).isEqualTo(Demands.NONE);
    }

    @Test
    void aRestrictedCallEscalatesToNobodyOutside() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> call.sensitivity = Sensitivity.RESTRICTED);
        assertThat(decision.targets()).containsExactly(new Decision.Target("small", Attempt.Role.SERVE));
        assertThat(decision.dropped())
                .extracting(drop -> drop.model() + " " + drop.code())
                .containsExactly("large restricted");
    }

    @Test
    void theSwitchTakesSmallModelsOut() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> call.slmOff = true);
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("slm_off");
        Decision alone = decide(Sets.withRules(ALONE, REST), call -> call.slmOff = true);
        assertThat(alone.deny()).isNotNull().satisfies(denial -> {
            assertThat(denial.status()).isEqualTo(403);
            assertThat(denial.code()).isEqualTo("no_eligible_model");
            assertThat(denial.message()).isEqualTo("No model may answer this call: small models are switched off.");
        });
    }

    @Test
    void aLatchedSessionIsLeftToTheLargeModelWhereThereIsOne() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> call.latched = true);
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("latched");
        assertThat(decision.basis()).isEqualTo(Decision.Basis.LATCHED);
        Decision alone = decide(Sets.withRules(ALONE, REST), call -> call.latched = true);
        assertThat(alone.targets()).containsExactly(new Decision.Target("small", Attempt.Role.SERVE));
        assertThat(alone.basis()).isEqualTo(Decision.Basis.RULE);
    }

    @Test
    void aLoopOfTheLargeModelStaysWithIt() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> call.loop = Loop.LLM);
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("locked");
        assertThat(decision.basis()).isEqualTo(Decision.Basis.LOCKED);
        assertThat(decide(Sets.withRules(ALONE, REST), call -> call.loop = Loop.LLM)
                        .targets())
                .containsExactly(new Decision.Target("small", Attempt.Role.SERVE));
    }

    @Test
    void aLoopOfTheSmallModelGoesOnByTheFirstRuleThatNamesItWhateverItsShare() {
        String out = CASCADE.replace("gate: none", "gate: none, rollout: { percent: 0 }");
        String other = CASCADE.replace("id: a", "id: b").replace("first: small", "first: adapted");
        PolicySet set = Sets.withRules(
                other,
                CASCADE.replace("id: a", "id: c").replace("kind: [answer]", "turns: { min: 9 }"),
                out.replace("id: a", "id: d"),
                REST);
        assertThat(decide(set, call -> {}).rule()).isEqualTo("p/b");
        Decision decision = decide(set, call -> call.loop = Loop.of("small"));
        assertThat(decision.rule()).isEqualTo("p/d");
        assertThat(decision.basis()).isEqualTo(Decision.Basis.LOCKED);
        assertThat(decision.targets())
                .extracting(target -> target.model() + " " + target.role().wire())
                .containsExactly("small serve", "large escalate");
        assertThat(decision.bucket()).isNull();
        assertThat(decision.propensity()).isEqualTo(1);
        assertThat(decision.why()).isEqualTo("rule p/d: the open tool loop goes on with small");
    }

    @Test
    void aLoopWhoseOwnerNoRuleNamesIsBrokenTowardsTheLargeModel() {
        PolicySet set = Sets.withRules(CASCADE, REST);
        Decision decision = decide(set, call -> call.loop = Loop.of("adapted"));
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped())
                .extracting(drop -> drop.model() + " " + drop.code())
                .containsExactly("small locked");
    }

    @Test
    void aBrokenToolBreaksTheLoopOfTheSmallModel() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> {
            call.loop = Loop.of("small");
            call.phase = Phase.ERROR_REPAIR;
        });
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("locked");
    }

    @Test
    void anOwnerThatCannotGoOnGivesWayToTheLargeModel() {
        Consumer<Calls> inLoop = call -> call.loop = Loop.of("small");
        PolicySet set = Sets.withRules(CASCADE, REST);
        Decision failing = decide(set, inLoop, "small");
        assertThat(failing.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(failing.dropped()).extracting(Decision.Dropped::code).containsExactly("failing");
        assertThat(failing.basis()).isEqualTo(Decision.Basis.RULE);
        Decision latched = decide(set, inLoop.andThen(call -> call.latched = true));
        assertThat(latched.basis()).isEqualTo(Decision.Basis.LATCHED);
        Decision alone = decide(
                Sets.withRules("{ id: z, match: { task: [greet] }, action: { llm: { model: large } } }", ALONE, REST),
                inLoop,
                "small");
        assertThat(alone.rule()).isEqualTo("p/z");
        assertThat(alone.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
    }

    @Test
    void aRuleThatDeniesHasTheLastWordOverALoop() {
        PolicySet set = Sets.withRules("{ id: no, match: { stream: false }, action: { deny: {} } }", CASCADE, REST);
        assertThat(decide(set, call -> call.loop = Loop.of("small")).rule()).isEqualTo("p/no");
    }

    @Test
    void theCallersWordForTheLargeModelOverridesALoop() {
        Decision decision = decide(Sets.withRules(CASCADE, REST), call -> {
            call.loop = Loop.of("small");
            call.tierForced = true;
        });
        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.basis()).isEqualTo(Decision.Basis.FORCED);
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change) {
        return decide(set, change, "");
    }

    private static Decision decide(PolicySet set, Consumer<Calls> change, String failing) {
        Calls calls = new Calls();
        change.accept(calls);
        return Decider.decide(
                calls.call(),
                calls.caller(),
                calls.signals(),
                set,
                model -> model.equals(failing) ? Readiness.failing("it failed", 5) : Readiness.READY);
    }
}
