package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Demands;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Reply;
import dev.understudy.verify.Inquiry;
import dev.understudy.verify.Ladder;
import io.vertx.core.Context;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds small models' answers to one call against the ladder: at once where that costs microseconds, beside the event
 * loop where the call is so large, or its schema so new, that other calls of the loop would wait.
 */
final class Verifier {
    /** Some steps read the whole prompt, at about half a millisecond for each 8 KiB. */
    private static final int LOOP_BYTES = 16 << 10;

    private final Ladder ladder;
    private final Context loop;
    private final Call call;
    private final Ruling ruling;

    Verifier(Ladder ladder, Context loop, Call call, Ruling ruling) {
        this.ladder = ladder;
        this.loop = loop;
        this.call = call;
        this.ruling = ruling;
    }

    /**
     * Checks an answer.
     *
     * @param run how the engine ran it, or null
     * @param then told of the steps on the loop; before this returns where the call is small and its schemas are known
     */
    void check(Try by, Reply reply, @Nullable LocalRun run, Consumer<List<VerifyStep>> then) {
        Inquiry inquiry = inquiry(by, reply, run);
        boolean quick = call.body().length <= LOOP_BYTES && ladder.knowsSchemas(call, reply);
        run(quick, () -> ladder.check(inquiry), then);
    }

    /** Looks at the beginning of a small model's text that is about to leave; on the loop, since it is short. */
    List<VerifyStep> checkBeginning(String text) {
        return ladder.checkBeginning(call, text);
    }

    /** Whether policies ask something of a large model's answer. */
    boolean guardsLarge() {
        Demands demands = ruling.decision().demands();
        return demands.outputSecrets() != Demands.Secrets.OFF
                || !demands.checks().isEmpty();
    }

    /**
     * Looks at a large model's answer for what policies ask of it.
     *
     * @param reply null when it was too long to be read
     * @param then told of the one step on the loop
     */
    void guard(Try by, @Nullable Reply reply, Consumer<List<VerifyStep>> then) {
        if (reply == null) {
            then.accept(List.of(new VerifyStep("policy", VerifyStep.Result.SKIP, "too_long", 0)));
            return;
        }
        Inquiry inquiry = inquiry(by, reply, null);
        run(by.answerBytes() <= LOOP_BYTES, () -> List.of(ladder.checkPolicy(inquiry)), then);
    }

    /** Whether a large model's answer must not be sent for what was found, or could not be looked for. */
    boolean denies(List<VerifyStep> steps) {
        VerifyStep step = steps.getLast();
        return ruling.decision().demands().outputSecrets() == Demands.Secrets.DENY
                && (Ladder.holdsSecret(step)
                        || !step.step().equals("policy")
                        || step.result() == VerifyStep.Result.SKIP);
    }

    private Inquiry inquiry(Try by, Reply reply, @Nullable LocalRun run) {
        return new Inquiry(
                call,
                ruling.signals().kind(),
                ruling.decision().demands(),
                reply,
                run,
                by.tokens().output(),
                by.ranMicros());
    }

    private void run(boolean quick, Supplier<List<VerifyStep>> steps, Consumer<List<VerifyStep>> then) {
        if (quick) {
            then.accept(now(steps));
            return;
        }
        loop.executeBlocking(() -> now(steps), false)
                .onComplete(done -> then.accept(done.succeeded() ? done.result() : broken(done.cause())));
    }

    private List<VerifyStep> now(Supplier<List<VerifyStep>> steps) {
        try {
            return steps.get();
        } catch (RuntimeException e) {
            return broken(e);
        }
    }

    /** A ladder that breaks lets nothing pass: a doubt goes to the large model. */
    private List<VerifyStep> broken(Throwable cause) {
        CallRecord.logFault(cause, call.id());
        return List.of(new VerifyStep("end", VerifyStep.Result.FAIL, "internal", 0));
    }
}
