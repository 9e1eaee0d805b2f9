package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Interaction;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.call.VerifyStep;
import dev.understudy.inspect.SessionBook;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SessionLedgerTest {
    private static final Caller LOCAL = new Caller(
            "local", "default", null, Map.of(), List.of("*"), false, Set.of(), null, Sensitivity.INTERNAL, null);
    private static final String SITE = "0123456789abcdef";
    private static final String OTHER_SITE = "fedcba9876543210";

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final SessionLedger ledger = new SessionLedger(meters);
    private Instant now = Instant.parse("2026-11-24T12:00:00Z");

    @Test
    void aSessionOfWhichNothingIsKnownIsNotLatched() throws ApiFailure {
        assertThat(latched(Phase.USER_TURN)).isNull();
        end(Phase.USER_TURN, large());
        assertThat(latched(Phase.ERROR_REPAIR)).isNull();
    }

    @Test
    void twoEscalationsInARowLatchIt() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        assertThat(latched(Phase.USER_TURN)).isNull();
        end(Phase.USER_TURN, escalated());

        assertThat(latched(Phase.USER_TURN)).isEqualTo("two turns in a row went wrong");
        assertThat(latched(Phase.TOOL_CONTINUATION)).isNotNull();
        assertThat(counted("understudy.session.latches", "bad_turns")).isEqualTo(1);
    }

    @Test
    void aToolErrorAfterAnEscalationIsTheSecondAndLatchesTheVeryCallThatShowsIt() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, small());

        assertThat(latched(Phase.ERROR_REPAIR)).isNotNull();
        assertThat(latched(Phase.TOOL_CONTINUATION)).isNull();
        end(Phase.ERROR_REPAIR, large());
        assertThat(latched(Phase.TOOL_CONTINUATION)).isNotNull();
    }

    @Test
    void aGoodTurnBeginsTheCountAnew() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, small());
        end(Phase.TOOL_CONTINUATION, small());
        end(Phase.USER_TURN, escalated());

        assertThat(latched(Phase.USER_TURN)).isNull();
    }

    @Test
    void turnsOfTheLargeModelAreNeitherGoodNorBad() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.TOOL_CONTINUATION, large());
        end(Phase.ERROR_REPAIR, large());
        assertThat(latched(Phase.USER_TURN)).isNull();
        end(Phase.USER_TURN, escalated());

        assertThat(latched(Phase.USER_TURN)).isNotNull();
    }

    @Test
    void aUserTurnAfterACleanTurnOfTheLargeModelReleasesIt() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, escalated());
        assertThat(latched(Phase.USER_TURN)).isNotNull();
        end(Phase.USER_TURN, large());

        assertThat(latched(Phase.TOOL_CONTINUATION)).isNotNull();
        assertThat(latched(Phase.ERROR_REPAIR)).isNotNull();
        assertThat(latched(Phase.USER_TURN)).isNull();
        end(Phase.USER_TURN, small());
        assertThat(counted("understudy.session.releases", "clean_turn")).isEqualTo(1);
    }

    @Test
    void aFailedTurnOfTheLargeModelReleasesNothing() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, failed());

        assertThat(latched(Phase.USER_TURN)).isNotNull();
    }

    @Test
    void anotherCallSiteReleasesItAtAUserTurn() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, escalated());

        assertThat(latched("s", OTHER_SITE, Phase.TOOL_CONTINUATION, call(false)))
                .isNotNull();
        assertThat(latched("s", OTHER_SITE, Phase.USER_TURN, call(false))).isNull();
    }

    @Test
    void fiveMinutesOfSilenceReleaseIt() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, escalated());
        now = now.plusSeconds(299);
        assertThat(latched(Phase.TOOL_CONTINUATION)).isNotNull();
        now = now.plusSeconds(1);

        assertThat(latched(Phase.TOOL_CONTINUATION)).isNull();
    }

    @Test
    void theRepeatOfACallWhoseStreamBrokeGoesToTheLargeModelForTenMinutes() throws ApiFailure {
        Call call = call(true);
        end("s", SITE, Phase.USER_TURN, broken(), call);

        assertThat(latched("s", SITE, Phase.USER_TURN, call(true))).contains("broke off");
        assertThat(latched("s", SITE, Phase.USER_TURN, call(false))).contains("broke off");
        assertThat(latched("s", SITE, Phase.USER_TURN, call("another", true))).isNull();
        assertThat(latched("t", SITE, Phase.USER_TURN, call(true))).isNull();
        now = now.plus(Duration.ofMinutes(10));
        assertThat(latched("s", SITE, Phase.USER_TURN, call(true))).isNull();
        assertThat(counted("understudy.session.latches", "stream_broke")).isEqualTo(1);
    }

    @Test
    void aClientThatLeftIsNobodysFault() throws ApiFailure {
        end(Phase.USER_TURN, gone());
        end(Phase.USER_TURN, gone());
        end(Phase.USER_TURN, gone());

        assertThat(latched(Phase.USER_TURN)).isNull();
    }

    @Test
    void sessionsAndTeamsAreApart() throws ApiFailure {
        end(Phase.USER_TURN, escalated());
        end(Phase.USER_TURN, escalated());

        assertThat(latched("t", SITE, Phase.USER_TURN, call(false))).isNull();
        assertThat(ledger.latched(new SessionBook.Turn("support", "s", SITE, Phase.USER_TURN, call(false))))
                .isNull();
    }

    @Test
    void switchesInsideALoopAreCountedByWhoAndWhy() throws ApiFailure {
        end(Loop.of("tiny"), Phase.TOOL_CONTINUATION, escalated());
        end(Loop.of("tiny"), Phase.ERROR_REPAIR, large());
        end(Loop.of("tiny"), Phase.TOOL_CONTINUATION, large());
        end(Loop.of("tiny"), Phase.TOOL_CONTINUATION, small());
        end(Loop.LLM, Phase.TOOL_CONTINUATION, large());
        end(Loop.NONE, Phase.USER_TURN, small());

        assertThat(switches("llm", "ladder")).isEqualTo(1);
        assertThat(switches("llm", "error_repair")).isEqualTo(1);
        assertThat(switches("llm", "demoted")).isEqualTo(1);
        assertThat(meters.find("understudy.loop.switches").counters()).hasSize(3);
        end(Loop.LLM, Phase.TOOL_CONTINUATION, small());
        end(Loop.of("other"), Phase.TOOL_CONTINUATION, small());
        assertThat(switches("slm", "entered")).isEqualTo(1);
        assertThat(switches("slm", "other_model")).isEqualTo(1);
    }

    @Test
    void aResponseLeadsToTheSessionOfItsCall() throws ApiFailure {
        ledger.shown("local", signals("s", SITE, Phase.USER_TURN, Loop.NONE), "resp_1");

        assertThat(ledger.sessionOf("local", "resp_1")).isEqualTo("s");
        assertThat(ledger.sessionOf("support", "resp_1")).isNull();
        assertThat(ledger.sessionOf("local", "resp_2")).isNull();
    }

    private double counted(String meter, String reason) {
        return meters.counter(meter, "reason", reason).count();
    }

    private double switches(String tier, String reason) {
        return meters.counter("understudy.loop.switches", "tier", tier, "reason", reason)
                .count();
    }

    /** How one call went. */
    private record Outcome(List<Attempt> attempts, @Nullable Integer served, Interaction.Outcome outcome) {}

    private static Outcome small() {
        return new Outcome(List.of(attempt(1, Tier.SLM, null, true, true)), 1, Interaction.Outcome.COMPLETED);
    }

    private static Outcome large() {
        return new Outcome(List.of(attempt(1, Tier.LLM, null, true, true)), 1, Interaction.Outcome.COMPLETED);
    }

    private static Outcome escalated() {
        return new Outcome(
                List.of(attempt(1, Tier.SLM, "unparsed", false, false), attempt(2, Tier.LLM, null, true, true)),
                2,
                Interaction.Outcome.COMPLETED);
    }

    private static Outcome failed() {
        return new Outcome(
                List.of(attempt(1, Tier.LLM, "upstream_unavailable", true, false)), null, Interaction.Outcome.FAILED);
    }

    private static Outcome broken() {
        return new Outcome(List.of(attempt(1, Tier.SLM, "internal", true, true)), 1, Interaction.Outcome.FAILED);
    }

    private static Outcome gone() {
        return new Outcome(
                List.of(attempt(1, Tier.SLM, "client_gone", true, false)), null, Interaction.Outcome.CLIENT_GONE);
    }

    private static Attempt attempt(int n, Tier tier, @Nullable String error, boolean passed, boolean accepted) {
        VerifyStep step = new VerifyStep("call", passed ? VerifyStep.Result.PASS : VerifyStep.Result.FAIL, "", 1);
        return new Attempt(
                n,
                n == 1 ? Attempt.Role.SERVE : Attempt.Role.ESCALATE,
                tier,
                tier == Tier.SLM ? "tiny" : "large",
                null,
                0,
                null,
                null,
                1,
                null,
                error,
                null,
                TokenCount.NONE,
                null,
                null,
                null,
                null,
                tier == Tier.SLM ? List.of(step) : List.of(),
                accepted,
                null,
                null,
                null,
                null);
    }

    private @Nullable String latched(Phase phase) throws ApiFailure {
        return latched("s", SITE, phase, call(false));
    }

    private @Nullable String latched(String session, String site, Phase phase, Call call) {
        return ledger.latched(new SessionBook.Turn("local", session, site, phase, call));
    }

    private void end(Phase phase, Outcome outcome) throws ApiFailure {
        end("s", SITE, phase, outcome, call(false));
    }

    private void end(Loop loop, Phase phase, Outcome outcome) throws ApiFailure {
        ledger.ended(interaction(signals("s", SITE, phase, loop), outcome, call(false)));
    }

    private void end(String session, String site, Phase phase, Outcome outcome, Call call) {
        ledger.ended(interaction(signals(session, site, phase, Loop.NONE), outcome, call));
    }

    private static Interaction interaction(Signals signals, Outcome outcome, Call call) {
        return new Interaction(
                call,
                LOCAL,
                signals,
                null,
                outcome.attempts(),
                outcome.served(),
                Interaction.Route.DIRECT,
                outcome.outcome(),
                200,
                null,
                null,
                0,
                null,
                0,
                BigDecimal.ZERO,
                null);
    }

    private static Signals signals(String session, String site, Phase phase, Loop loop) {
        return new Signals(
                site,
                Signals.SiteMatch.EXACT,
                "task",
                Signals.TaskState.KNOWN,
                "",
                Kind.TOOL_CALL,
                phase,
                session,
                "header",
                1,
                7,
                Sensitivity.INTERNAL,
                loop,
                false,
                false,
                Map.of(),
                Map.of(),
                1);
    }

    private Call call(boolean stream) throws ApiFailure {
        return call("hi", stream);
    }

    private Call call(String text, boolean stream) throws ApiFailure {
        String body = "{\"model\":\"m\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\""
                + text + "\"}]}";
        return CallReader.read(new UUID(0x7000, 1), now, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
    }
}
