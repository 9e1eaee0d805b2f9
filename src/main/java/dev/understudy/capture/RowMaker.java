package dev.understudy.capture;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.LateAttempt;
import dev.understudy.call.Message;
import dev.understudy.call.Purpose;
import dev.understudy.call.Signals;
import dev.understudy.call.TokenCount;
import dev.understudy.call.VerifyStep;
import dev.understudy.openai.Answer;
import dev.understudy.openai.AnswerReader;
import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes rows of a call: everything in its column, nothing in the clear that must not be kept. For one thread. */
final class RowMaker {
    /** What stands for a revision where no policy was asked. */
    private static final String NO_POLICY = "-";

    private static final long ROW_BYTES = 2_048;

    private final ArgumentsHash hash;
    private final BodyRows bodies = new BodyRows();

    RowMaker(ArgumentsHash hash) {
        this.hash = hash;
    }

    /** The rows of a call that gets rows. */
    CallRows rows(long seq, Interaction interaction) {
        Call call = interaction.call();
        OffsetDateTime ts = call.receivedAt().truncatedTo(ChronoUnit.MILLIS).atOffset(ZoneOffset.UTC);
        Map<Integer, Answer> answers = new HashMap<>();
        for (Attempt attempt : interaction.attempts()) {
            if (attempt.answer() != null) {
                answers.put(attempt.n(), AnswerReader.read(attempt.answer()));
            }
        }
        List<Object[]> attempts = new ArrayList<>();
        for (Attempt attempt : interaction.attempts()) {
            attempts.add(attempt(call.id(), interaction.caller().team(), ts, attempt, answers.get(attempt.n())));
        }
        List<Object[]> kept =
                level(interaction) == CaptureOrder.Level.FULL ? bodies.of(interaction, ts, answers) : List.of();
        long bytes = ROW_BYTES;
        for (Object[] body : kept) {
            bytes += ((io.vertx.core.buffer.Buffer) body[4]).length();
        }
        return new CallRows(
                call.id(),
                ts.toInstant(),
                interaction(seq, interaction, ts),
                attempts,
                kept,
                UsageSum.of(interaction, UsageSum.Why.QUARANTINED),
                bytes);
    }

    /** The rows of a try that ended after its call. */
    CallRows rows(LateAttempt late) {
        UUID id = late.call().id();
        OffsetDateTime ts =
                late.call().receivedAt().truncatedTo(ChronoUnit.MILLIS).atOffset(ZoneOffset.UTC);
        Attempt attempt = late.attempt();
        Answer answer = attempt.answer() == null ? null : AnswerReader.read(attempt.answer());
        List<Object[]> kept = late.level() == CaptureOrder.Level.FULL ? bodies.of(id, ts, attempt, answer) : List.of();
        long bytes = ROW_BYTES;
        for (Object[] body : kept) {
            bytes += ((io.vertx.core.buffer.Buffer) body[4]).length();
        }
        List<Object[]> attempts = List.<Object[]>of(attempt(id, late.team(), ts, attempt, answer));
        return new CallRows(id, ts.toInstant(), null, attempts, kept, null, bytes);
    }

    /** How much of a call is written; of one that no policy saw a row, so that nothing that came goes unseen. */
    static CaptureOrder.Level level(Interaction interaction) {
        Decision decision = interaction.decision();
        return decision == null
                ? CaptureOrder.Level.METADATA
                : decision.capture().record();
    }

    private static Object[] interaction(long seq, Interaction all, OffsetDateTime ts) {
        Call call = all.call();
        Signals signals = all.signals();
        Decision decision = all.decision();
        CaptureOrder order = decision == null ? null : decision.capture();
        Attempt served = Served.of(all);
        TokenCount tokens = Served.tokens(all);
        boolean counted = tokens.source() != TokenCount.Source.NONE;
        return new Object[] {
            call.id(),
            ts,
            null, // run
            seq,
            all.caller().team(),
            all.caller().app(),
            all.caller().keyId(),
            signals == null ? call.id().toString() : Json.clean(signals.session()),
            all.caller().subject(),
            call.api().wire(),
            call.stream(),
            Json.clean(call.model()),
            signals == null ? null : signals.site(),
            signals == null ? null : signals.siteMatch().wire(),
            signals == null ? null : signals.phase().wire(),
            signals == null ? null : signals.kind().wire(),
            signals == null || signals.toolsHash().isEmpty() ? null : signals.toolsHash(),
            signals == null ? null : signals.sensitivity().wire(),
            CallFacts.of(all),
            decision == null ? NO_POLICY : decision.revision(),
            decision == null ? null : decision.rule(),
            decision == null ? null : decision.action().wire(),
            decision == null ? null : decision.basis().wire(),
            decision == null ? null : decision.bucket(),
            decision == null ? null : decision.propensity(),
            decision == null || decision.mirror() == null
                    ? null
                    : decision.mirror().reason().wire(),
            decision == null || decision.mirror() == null
                    ? null
                    : decision.mirror().probability(),
            all.route() == null ? null : all.route().wire(),
            all.served(),
            served == null ? null : served.model(),
            Served.tier(all).wire(),
            all.escalation(),
            all.outcome().wire(),
            all.status(),
            all.error(),
            served == null ? null : Json.cleanOrNull(served.finish()),
            toolResults(call),
            counted ? tokens.input() : null,
            counted ? tokens.cached() : null,
            counted ? tokens.output() : null,
            counted ? tokens.source() == TokenCount.Source.ESTIMATED : null,
            micros(all.overheadMicros()),
            micros(all.firstContentMicros()),
            micros(all.endMicros()),
            text(all.cost()),
            text(all.baseline()),
            level(all).wire(),
            order == null ? null : order.bodyProbability(),
            order == null ? 0 : order.purposes().stream().mapToInt(Purpose::bit).sum()
        };
    }

    private Object[] attempt(UUID id, String team, OffsetDateTime ts, Attempt attempt, @Nullable Answer answer) {
        TokenCount tokens = attempt.tokens();
        boolean counted = tokens.source() != TokenCount.Source.NONE;
        return new Object[] {
            id,
            ts,
            attempt.n(),
            attempt.role().wire(),
            attempt.tier().wire(),
            attempt.model(),
            attempt.variant(),
            attempt.status(),
            Json.cleanOrNull(attempt.error()),
            Json.cleanOrNull(attempt.finish()),
            attempt.startMicros(),
            micros(attempt.queueMicros()),
            attempt.firstContentMicros() == null ? null : micros(attempt.firstContentMicros() - attempt.startMicros()),
            micros(attempt.endMicros() - attempt.startMicros()),
            counted ? tokens.input() : null,
            counted ? tokens.cached() : null,
            counted ? tokens.output() : null,
            attempt.device(),
            attempt.deviceMicros(),
            text(attempt.cost()),
            attempt.minMargin(),
            attempt.accepted(),
            verify(attempt.verify()),
            answer == null ? null : toolCalls(team, answer),
            Json.write(out -> {
                out.writeStartObject();
                Json.member(out, "upstream_request_id", attempt.upstreamRequestId());
                out.writeStringField("tokens", tokens.source().wire());
                if (attempt.meanMargin() != null) {
                    out.writeNumberField("mean_margin", attempt.meanMargin());
                }
                out.writeEndObject();
            })
        };
    }

    private static @Nullable String verify(List<VerifyStep> steps) {
        if (steps.isEmpty()) {
            return null;
        }
        return Json.write(out -> {
            out.writeStartArray();
            for (VerifyStep step : steps) {
                out.writeStartObject();
                out.writeStringField("step", step.step());
                out.writeStringField("result", step.result().wire());
                Json.member(out, "detail", step.detail().isEmpty() ? null : step.detail());
                out.writeNumberField("us", step.micros());
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private @Nullable String toolCalls(String team, Answer answer) {
        if (answer.toolCalls().isEmpty()) {
            return null;
        }
        return Json.write(out -> {
            out.writeStartArray();
            for (var made : answer.toolCalls()) {
                out.writeStartObject();
                Json.member(out, "id", made.id());
                Json.member(out, "name", made.name());
                out.writeStringField("args", hash.of(team, made.arguments()));
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    /** What the tools answered that the model asked for last. */
    private static @Nullable String toolResults(Call call) {
        List<Message> results = new ArrayList<>();
        for (Message message : call.messages().reversed()) {
            if (!message.isToolResult()) {
                break;
            }
            results.addFirst(message);
        }
        if (results.isEmpty()) {
            return null;
        }
        return Json.write(out -> {
            out.writeStartArray();
            for (Message result : results) {
                out.writeStartObject();
                Json.member(
                        out,
                        "id",
                        result.toolCallIds().isEmpty()
                                ? null
                                : result.toolCallIds().getFirst());
                out.writeStringField(
                        "status", result.error() ? "error" : result.text().isBlank() ? "empty" : "ok");
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    /** Columns of microseconds end at 35 minutes. */
    private static @Nullable Integer micros(@Nullable Long micros) {
        return micros == null ? null : (int) Math.clamp(micros, 0L, (long) Integer.MAX_VALUE);
    }

    private static @Nullable String text(@Nullable BigDecimal amount) {
        return amount == null ? null : amount.toPlainString();
    }
}
