package dev.understudy.testing;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Purpose;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Span;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.call.ToolChoice;
import dev.understudy.call.Uuid7;
import dev.understudy.call.VerifyStep;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Whole calls as the agents' door would hand them over, for tests of what comes after. Immutable; changed copies by {@code with}. */
public record SampleCalls(
        Instant at,
        RandomGenerator random,
        String team,
        String app,
        String model,
        String body,
        @Nullable String answer,
        boolean stream,
        Tier tier,
        CaptureOrder.Level record,
        Interaction.Outcome outcome,
        int status,
        @Nullable String task,
        @Nullable BigDecimal cost,
        @Nullable BigDecimal baseline,
        TokenCount tokens,
        long latencyMicros) {

    /** Completed calls of team {@code local}, answered by the large model, recorded in full. */
    public static SampleCalls at(Instant at) {
        return new SampleCalls(
                at,
                new SecureRandom(),
                "local",
                "default",
                "gpt-4o-mini",
                "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}",
                "{\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                        + "\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}",
                false,
                Tier.LLM,
                CaptureOrder.Level.FULL,
                Interaction.Outcome.COMPLETED,
                200,
                "greet",
                new BigDecimal("0.0025"),
                new BigDecimal("0.0025"),
                new TokenCount(100, 20, 10, TokenCount.Source.REPORTED),
                120_000);
    }

    public SampleCalls withAt(Instant changed) {
        return new SampleCalls(
                changed,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withTeam(String changed, String app) {
        return new SampleCalls(
                at,
                random,
                changed,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withModel(String changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                changed,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withBody(String changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                changed,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withAnswer(@Nullable String changed, boolean asStream) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                changed,
                asStream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withTier(Tier changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                changed,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withRecord(CaptureOrder.Level changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                changed,
                outcome,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withOutcome(Interaction.Outcome changed, int status) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                changed,
                status,
                task,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withTask(@Nullable String changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                changed,
                cost,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withCost(@Nullable BigDecimal changed, @Nullable BigDecimal baseline) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                changed,
                baseline,
                tokens,
                latencyMicros);
    }

    public SampleCalls withTokens(TokenCount changed) {
        return new SampleCalls(
                at,
                random,
                team,
                app,
                model,
                body,
                answer,
                stream,
                tier,
                record,
                outcome,
                status,
                task,
                cost,
                baseline,
                changed,
                latencyMicros);
    }

    public SampleCalls withLatency(long micros) {
        return new SampleCalls(
                at, random, team, app, model, body, answer, stream, tier, record, outcome, status, task, cost, baseline,
                tokens, micros);
    }

    /** One call with a fresh id. */
    public Interaction next() {
        UUID id = Uuid7.of(at, random);
        boolean denied = outcome == Interaction.Outcome.DENIED;
        return new Interaction(
                call(id),
                caller(),
                signals(id),
                decision(denied),
                denied ? List.of() : List.of(attempt()),
                denied ? null : 1,
                denied ? null : Interaction.Route.DIRECT,
                outcome,
                status,
                outcome == Interaction.Outcome.COMPLETED ? null : denied ? "policy_denied" : "upstream_unavailable",
                null,
                180,
                denied ? null : latencyMicros / 2,
                latencyMicros,
                denied ? BigDecimal.ZERO : cost,
                baseline);
    }

    /** A call that was refused before it was understood. */
    public Interaction nextRefused(int refusedStatus, String error) {
        UUID id = Uuid7.of(at, random);
        return new Interaction(
                call(id),
                caller(),
                null,
                null,
                List.of(),
                null,
                null,
                Interaction.Outcome.DENIED,
                refusedStatus,
                error,
                null,
                90,
                null,
                95,
                null,
                null);
    }

    private Call call(UUID id) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new Call(
                id,
                at,
                0,
                Api.CHAT,
                bytes,
                model,
                new Span(9, 9 + Math.min(2, bytes.length)),
                stream,
                false,
                null,
                List.of(),
                List.of(),
                new ToolChoice.None(),
                true,
                ResponseFormat.TEXT,
                null,
                1,
                null,
                null,
                Set.of("model", "messages"),
                Map.of(),
                Map.of(),
                null,
                null,
                false,
                References.NONE);
    }

    private Caller caller() {
        return new Caller(
                team,
                app,
                null,
                Map.of(),
                List.of("*"),
                false,
                Set.of(Purpose.DEBUG),
                null,
                Sensitivity.INTERNAL,
                null);
    }

    private Signals signals(UUID id) {
        return new Signals(
                "0123456789abcdef",
                Signals.SiteMatch.EXACT,
                task,
                Signals.TaskState.KNOWN,
                "",
                Kind.EXTRACT,
                Phase.USER_TURN,
                "session-" + id,
                "call",
                1,
                100,
                Sensitivity.INTERNAL,
                Loop.NONE,
                false,
                false,
                Map.of("kind", "a schema was asked for"),
                Map.of(),
                40);
    }

    private Decision decision(boolean denied) {
        CaptureOrder order =
                new CaptureOrder(record, 1, Set.of(Purpose.DEBUG, Purpose.TRAINING), Set.of("secrets"), "starter/all");
        if (denied) {
            return new Decision(
                    "0123456789ab",
                    "everyone/no",
                    Decision.Action.DENY,
                    List.of(),
                    List.of(),
                    Decision.Basis.RULE,
                    null,
                    1,
                    null,
                    Demands.NONE,
                    order,
                    new Decision.Denial(status, "policy_denied", "no", null),
                    "denied by rule everyone/no");
        }
        return new Decision(
                "0123456789ab",
                "everyone/default",
                tier == Tier.SLM ? Decision.Action.SLM : Decision.Action.LLM,
                List.of(new Decision.Target(servedModel(), Attempt.Role.SERVE)),
                List.of(),
                Decision.Basis.RULE,
                null,
                1,
                null,
                Demands.NONE,
                order,
                null,
                "rule everyone/default asks " + servedModel());
    }

    private Attempt attempt() {
        boolean slm = tier == Tier.SLM;
        return new Attempt(
                1,
                Attempt.Role.SERVE,
                tier,
                servedModel(),
                slm ? "abcdef" : null,
                200,
                null,
                latencyMicros / 2,
                latencyMicros - 10,
                200,
                null,
                "stop",
                tokens,
                slm ? "cpu" : null,
                slm ? 5_000L : null,
                null,
                null,
                slm ? List.of(new VerifyStep("end", VerifyStep.Result.PASS, "", 2)) : List.of(),
                outcome == Interaction.Outcome.COMPLETED,
                answer == null ? null : new AnswerBytes(stream, answer.getBytes(StandardCharsets.UTF_8)),
                null,
                null,
                cost);
    }

    private String servedModel() {
        return tier == Tier.SLM ? "starter" : "llm";
    }
}
