package dev.understudy.serve;

import dev.understudy.access.IdsUnavailable;
import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Span;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.call.ToolChoice;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Pricing;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.telemetry.Keys;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Makes the one {@link Interaction} of a call and hands it over. */
final class CallRecord {
    /** The status in the row of a client that left before the head. */
    static final int CLIENT_CLOSED = 499;

    private static final Logger LOG = Logger.getLogger(CallRecord.class);
    private static final byte[] NO_BODY = {};

    private final House house;
    private final Call call;
    private final Caller caller;
    private final long readyMicros;
    private final Runnable whenOver;
    private long overheadMicros;

    /**
     * @param readyNanos when the body was there; the client's own slowness is not our overhead
     * @param whenOver told once the interaction was handed over
     */
    CallRecord(House house, Call call, Caller caller, long readyNanos, Runnable whenOver) {
        this.house = house;
        this.call = call;
        this.caller = caller;
        this.whenOver = whenOver;
        this.readyMicros = call.microsAt(readyNanos);
    }

    /** The first target is asked at that moment. */
    void asking(long micros) {
        overheadMicros = Math.max(0, micros - readyMicros);
    }

    long overheadMicros() {
        return overheadMicros;
    }

    /**
     * How an exchange ended.
     *
     * @param status that was sent; 499 when the client left before the head
     * @param error code that the caller got, or null
     * @param served whose answer was sent, or null
     * @param route how it came about, or null
     * @param firstContentMicros when content first left, or null
     */
    record Ending(
            Interaction.Outcome outcome,
            int status,
            @Nullable String error,
            @Nullable Try served,
            Interaction.@Nullable Route route,
            @Nullable Long firstContentMicros,
            long endMicros) {}

    /** Records an exchange that is over. */
    void exchanged(Ruling ruling, Tries tries, Ending ending) {
        LocalDate day = call.receivedAt().atOffset(ZoneOffset.UTC).toLocalDate();
        Tries.Sum sum = tries.sum(call.model(), call.stream(), day);
        ruling.admission().end(sum.tokens(), sum.cost());
        Try served = ending.served();
        BigDecimal baseline = served == null
                ? null
                : Pricing.baseline(ruling.models().catalogue(), large(ruling), call.model(), served.tokens(), day);
        Interaction interaction = new Interaction(
                call,
                caller,
                ruling.signals(),
                ruling.decision(),
                sum.attempts(),
                served == null ? null : served.n(),
                ending.route(),
                ending.outcome(),
                ending.status(),
                ending.error(),
                tries.escalation(),
                overheadMicros,
                ending.firstContentMicros(),
                ending.endMicros(),
                sum.cost(),
                baseline);
        if (served != null && !served.isSmall()) {
            house.judgement().reported(call, served.tokens());
        }
        hand(interaction, served == null ? Tier.NONE : served.card().tier());
    }

    /**
     * What there is to tell of a request that was passed through.
     *
     * @param status of the upstream, or null
     * @param accepted whether its answer was the one sent
     */
    record Passed(
            ModelCard card,
            long startMicros,
            @Nullable Long firstMicros,
            long endMicros,
            @Nullable Integer status,
            TokenCount tokens,
            @Nullable String upstreamRequestId,
            boolean accepted) {
        private Attempt attempt(@Nullable String error, @Nullable BigDecimal cost) {
            return new Attempt(
                    1,
                    Attempt.Role.SERVE,
                    card.tier(),
                    card.name(),
                    null,
                    startMicros,
                    null,
                    firstMicros,
                    endMicros,
                    status,
                    error,
                    null,
                    tokens,
                    null,
                    null,
                    null,
                    null,
                    List.of(),
                    accepted,
                    null,
                    null,
                    upstreamRequestId,
                    cost);
        }
    }

    /**
     * Records a request that was judged and passed through, or should have been; never what was in it.
     *
     * @param passed null when no upstream was asked
     */
    void passed(
            Ruling ruling, @Nullable Passed passed, Interaction.Outcome outcome, int status, @Nullable String error) {
        LocalDate day = call.receivedAt().atOffset(ZoneOffset.UTC).toLocalDate();
        BigDecimal cost = BigDecimal.ZERO;
        BigDecimal baseline = null;
        boolean counted = passed != null && passed.tokens().source() != TokenCount.Source.NONE;
        if (passed != null && counted) {
            cost = Pricing.cost(passed.card(), call.model(), passed.tokens(), null, day);
            baseline = Pricing.baseline(ruling.models().catalogue(), passed.card(), call.model(), passed.tokens(), day);
        }
        ruling.admission()
                .end(
                        counted && passed != null
                                ? (long) passed.tokens().input()
                                        + passed.tokens().output()
                                : 0,
                        cost);
        boolean served = passed != null && passed.accepted();
        hand(
                new Interaction(
                        call,
                        caller,
                        ruling.signals(),
                        ruling.decision().withoutBodies(),
                        passed == null ? List.of() : List.of(passed.attempt(error, cost)),
                        served ? 1 : null,
                        served ? Interaction.Route.DIRECT : null,
                        outcome,
                        status,
                        error,
                        null,
                        overheadMicros,
                        passed == null ? null : passed.firstMicros(),
                        call.microsAt(System.nanoTime()),
                        cost,
                        baseline),
                served ? Tier.LLM : Tier.NONE);
    }

    /** Records a call that ended before it was judged. */
    void refused(Interaction.Outcome outcome, int status, @Nullable String error) {
        hand(
                new Interaction(
                        call,
                        caller,
                        null,
                        null,
                        List.of(),
                        null,
                        null,
                        outcome,
                        status,
                        error,
                        null,
                        0,
                        null,
                        call.microsAt(System.nanoTime()),
                        BigDecimal.ZERO,
                        null),
                Tier.NONE);
    }

    /** Whoever it was: nobody who may call. Capture keeps sums of such calls, no rows. */
    static Caller nobody() {
        return new Caller("-", "-", null, Map.of(), List.of(), false, Set.of(), null, Sensitivity.INTERNAL, null);
    }

    /** A call of which no more is known than that it came: its body was cut short or could not be read. */
    static Call outline(Api api, UUID id, Instant receivedAt, long receivedNanos) {
        return new Call(
                id,
                receivedAt,
                receivedNanos,
                api,
                NO_BODY,
                "-",
                new Span(0, 0),
                false,
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
                Set.of(),
                Map.of(),
                Map.of(),
                null,
                null,
                false,
                References.NONE);
    }

    /** What the client is told of a failure before any model was asked; a fault of ours is logged. */
    static ApiFailure failure(Throwable cause, UUID id) {
        if (cause instanceof ApiFailure failure) {
            return failure;
        }
        if (cause instanceof IdsUnavailable) {
            return new ApiFailure(ApiError.SERVER_IS_OVERLOADED, String.valueOf(cause.getMessage()));
        }
        logFault(cause, id);
        return new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL);
    }

    /** Where it broke, but not what was said: a message may quote what it stumbled over. */
    static void logFault(Throwable cause, UUID id) {
        Throwable bare = new Throwable(cause.getClass().getName());
        bare.setStackTrace(cause.getStackTrace());
        LOG.errorf(bare, "call failed inside %s=%s", Keys.CALL, id);
    }

    private void hand(Interaction interaction, Tier tier) {
        house.meters().count(interaction, tier);
        if (LOG.isDebugEnabled()) {
            LOG.debugf(
                    "exchange ended %s=%s %s=%s %s=%s %s=%d %s=%s %s=%d",
                    Keys.CALL,
                    call.id(),
                    Keys.TEAM,
                    caller.team(),
                    Keys.REASON,
                    interaction.outcome().wire(),
                    Keys.STATUS,
                    interaction.status(),
                    Keys.ERROR,
                    interaction.error(),
                    Keys.MILLIS,
                    interaction.endMicros() / 1_000);
        }
        house.sessions().ended(interaction);
        house.recorder().record(interaction);
        whenOver.run();
    }

    private static @Nullable ModelCard large(Ruling ruling) {
        List<Decision.Target> targets = ruling.decision().targets();
        for (int i = 0; i < targets.size(); i++) {
            Model model = ruling.models().model(targets.get(i).model());
            if (model != null && model.card().tier() == Tier.LLM) {
                return model.card();
            }
        }
        return null;
    }
}
