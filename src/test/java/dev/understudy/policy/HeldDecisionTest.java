package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Sensitivity;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A call that names what one model holds. The model {@code large} forwards the caller's key, {@code spare} does not. */
class HeldDecisionTest {
    private static final String LARGE_FIRST = "{ id: rest, action: { llm: { model: large, fallbacks: [spare] } } }";
    private static final String SPARE_FIRST = "{ id: rest, action: { llm: { model: spare, fallbacks: [large] } } }";
    private static final Decision.Denial CONFLICT = new Decision.Denial(400, "unsupported_parameter", "two", "input");
    private static final Decision.Denial LOST =
            new Decision.Denial(400, "previous_response_not_found", "none", "previous_response_id");

    @Test
    void theOwnerAnswersAloneWhateverTheRuleNames() {
        Decision decision = decide(LARGE_FIRST, held("spare", true, null, null, LOST));

        assertThat(decision.targets()).containsExactly(new Decision.Target("spare", Attempt.Role.SERVE));
        assertThat(decision.basis()).isEqualTo(Decision.Basis.HELD_ID);
        assertThat(decision.rule()).isEqualTo("p/rest");
    }

    @Test
    void aRuleThatDeniesStillDenies() {
        Decision decision =
                decide("{ id: no, action: { deny: { message: no } } }", held("spare", true, null, null, LOST));

        assertThat(denial(decision).code()).isEqualTo("policy_denied");
    }

    @Test
    void twoOwnersAreRefused() {
        assertThat(denial(decide(LARGE_FIRST, held("spare", true, CONFLICT, null, LOST))))
                .isEqualTo(CONFLICT);
    }

    @Test
    void anOwnerThatIsGoneIsAsGoodAsNoneButForEncryptedContent() {
        Decision firm = decide(LARGE_FIRST, held("gone", true, null, null, LOST));
        Decision soft = decide(LARGE_FIRST, held("gone", false, null, null, null));

        assertThat(denial(firm)).isEqualTo(LOST);
        assertThat(soft.basis()).isEqualTo(Decision.Basis.RULE);
        assertThat(soft.targets()).hasSize(2);
    }

    @Test
    void whatIsUnknownGoesOnUnderTheCallersOwnKeyAndToOneModelOnly() {
        Held unknown = held(null, false, null, LOST, null);

        assertThat(decide(LARGE_FIRST, unknown).targets())
                .containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(denial(decide(SPARE_FIRST, unknown))).isEqualTo(LOST);
    }

    @Test
    void anOwnerThatMayNotAnswerIsNotReplaced() {
        Decision decision =
                decide(LARGE_FIRST, held("small", true, null, null, LOST), call -> call.api = Api.RESPONSES);

        assertThat(denial(decision).code()).isEqualTo("unsupported_parameter");
    }

    @Test
    void aSmallModelTakesNoResponsesCall() {
        Decision decision = decide(
                "{ id: s, action: { slm: { model: small, onFailure: deny } }, gate: none }",
                Held.NOTHING,
                call -> call.api = Api.RESPONSES);

        assertThat(denial(decision).status()).isEqualTo(400);
        assertThat(denial(decision).code()).isEqualTo("unsupported_parameter");
        assertThat(decision.dropped().getFirst().code()).isEqualTo("api");
    }

    @Test
    void onlyLargeModelsAnswerWhatIsPassedThroughWhateverItHolds() {
        Decision decision = decide(
                "{ id: s, action: { slm: { model: small, onFailure: large } }, gate: none }", Held.NOTHING, call -> {
                    call.api = Api.OTHER;
                    call.model = "-";
                    call.models = List.of("gpt-*");
                    call.parameters.add("logprobs");
                    call.tokens = 10_000_000;
                });

        assertThat(decision.targets()).containsExactly(new Decision.Target("large", Attempt.Role.SERVE));
        assertThat(decision.dropped()).extracting(Decision.Dropped::code).containsExactly("api");
    }

    @Test
    void restrictedCallersDoNotFollowAnIdOutside() {
        Decision decision = decide(LARGE_FIRST, held("spare", true, null, null, LOST), call -> {
            call.api = Api.OTHER;
            call.sensitivity = Sensitivity.RESTRICTED;
        });

        assertThat(denial(decision).status()).isEqualTo(403);
        assertThat(denial(decision).code()).isEqualTo("no_eligible_model");
    }

    @SuppressWarnings("NullAway") // does not see in a class file that a nested type may be null
    private static Held held(
            @Nullable String owner,
            boolean firm,
            Decision.@Nullable Denial conflict,
            Decision.@Nullable Denial unknown,
            Decision.@Nullable Denial lost) {
        return new Held(owner, firm, conflict, unknown, lost);
    }

    private static Decision.Denial denial(Decision decision) {
        return Objects.requireNonNull(decision.deny());
    }

    private static Decision decide(String rule, Held held) {
        return decide(rule, held, call -> {});
    }

    private static Decision decide(String rule, Held held, Consumer<Calls> change) {
        Calls call = new Calls();
        change.accept(call);
        return Decider.decide(
                call.call(), call.caller(), call.signals(), Sets.withRules(rule), model -> Readiness.READY, held);
    }
}
