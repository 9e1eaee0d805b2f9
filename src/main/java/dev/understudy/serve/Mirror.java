package dev.understudy.serve;

import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.LateAttempt;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Frame;
import dev.understudy.model.Model;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Reply;
import dev.understudy.model.Urgency;
import io.vertx.core.Context;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;

/**
 * One call asked once more, of a model that nobody hears: for comparison. Its answer is checked like any other and goes
 * to the record alone. Confined to the event loop of its call.
 */
final class Mirror implements Try.Owner {
    /** No answer worth comparing is that long. */
    private static final int LONGEST_BYTES = 8 << 20;

    private final Mirrors mirrors;
    private final Context loop;
    private final Call call;
    private final String team;
    private final Ruling ruling;
    private final Try one;
    private final Model model;
    private final Verifier verifier;
    private final Timer patience;
    private boolean over;

    /**
     * @param ruling whose models are held for it; it lets them go
     * @param n number of the try, after those of the call
     */
    Mirror(Mirrors mirrors, Context loop, Call call, String team, Ruling ruling, Model model, int n) {
        this.mirrors = mirrors;
        this.loop = loop;
        this.call = call;
        this.team = team;
        this.ruling = ruling;
        this.model = model;
        this.verifier = new Verifier(mirrors.ladder(), loop, call, ruling);
        this.patience = new Timer(mirrors.vertx());
        Decision.Target target = new Decision.Target(model.card().name(), Attempt.Role.MIRROR);
        boolean record = ruling.decision().capture().record() == CaptureOrder.Level.FULL;
        this.one = new Try(this, n, new Targets.Next(target, model, null), Hold.WHOLE, false, record, microsNow());
    }

    /** The bytes that it keeps in memory. */
    int bytes() {
        return call.body().length;
    }

    Context loop() {
        return loop;
    }

    /** The rule that wants it. */
    String rule() {
        return String.valueOf(ruling.decision().rule());
    }

    /** Asks. */
    void begin() {
        if (over) {
            return;
        }
        Long longest = Patience.millis(call, ruling.decision().demands(), one.card());
        if (longest != null) {
            patience.set(longest, () -> giveUp(ModelFailure.Code.DEADLINE.wire()));
        }
        // No headers: what a caller's request said to an upstream is none of its business.
        Ask ask = new Ask(call, team, null, List.of(), task -> loop.runOnContext(run -> task.run()), Urgency.SHADOW);
        try {
            one.asked(model.ask(ask, one));
        } catch (RuntimeException e) {
            CallRecord.logFault(e, call.id());
            one.failed(ModelFailure.of(ModelFailure.Code.INTERNAL, Intake.INTERNAL));
        }
    }

    /** It never began. */
    void drop() {
        over = true;
        ruling.models().release();
    }

    /** Ends it now. */
    void giveUp(String why) {
        if (!over) {
            one.giveUp(why);
            close();
        }
    }

    @Override
    public long microsNow() {
        return call.microsAt(System.nanoTime());
    }

    @Override
    public Api api() {
        return call.api();
    }

    @Override
    public void accepted(Try by) {}

    @Override
    public void shows(Try by, AnswerSink.Shown kind, String id) {}

    @Override
    public void frame(Try from, Frame frame) {
        from.hold(frame);
        if (from.heldBytes() > LONGEST_BYTES) {
            giveUp(ModelFailure.Code.UNPARSED.wire());
        }
    }

    @Override
    public void ended(Try by, AnswerEnd end) {
        Reply reply = end.reply() == null ? by.readReply(call.stream()) : end.reply();
        if (reply == null) {
            close();
        } else {
            verifier.check(by, reply, end.run(), this::judged);
        }
    }

    private void judged(List<VerifyStep> steps) {
        one.verified(steps);
        if (!one.passed()) {
            one.giveUp(ModelFailure.Code.UNPARSED.wire());
        }
        close();
    }

    @Override
    public void failed(Try by, ModelFailure failure) {
        close();
    }

    @Override
    public void spent(Try by) {
        close();
    }

    @Override
    public void broke(RuntimeException fault) {
        CallRecord.logFault(fault, call.id());
        giveUp(ModelFailure.Code.INTERNAL.wire());
    }

    /** Records it, once; of a small model that was cancelled only when it has said what it has cost. */
    private void close() {
        patience.cancel();
        if (over) {
            return;
        }
        if (one.isAwaited()) {
            patience.set(Settlement.LONGEST_MILLIS, this::record);
        } else {
            record();
        }
    }

    private void record() {
        patience.cancel();
        over = true;
        one.completeTokens(ruling.signals().tokens(), call.stream());
        LocalDate day = call.receivedAt().atOffset(ZoneOffset.UTC).toLocalDate();
        BigDecimal cost = one.cost(call.model(), day);
        mirrors.recorder()
                .record(new LateAttempt(
                        call, team, ruling.decision().capture().record(), one.attempt(call.stream(), cost)));
        ruling.models().release();
        mirrors.over(this, !one.hasFailed());
    }
}
