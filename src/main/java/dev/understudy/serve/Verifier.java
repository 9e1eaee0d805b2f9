package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Reply;
import dev.understudy.verify.Inquiry;
import dev.understudy.verify.Ladder;
import io.vertx.core.Context;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds small models' answers to one call against the ladder: at once where that costs microseconds, beside the event
 * loop where the call is so large that other calls of the loop would wait.
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
     * @param then told of the steps on the loop; before this returns where the call is small
     */
    void check(Try by, Reply reply, @Nullable LocalRun run, Consumer<List<VerifyStep>> then) {
        Inquiry inquiry = new Inquiry(
                call,
                ruling.signals().kind(),
                ruling.decision().demands(),
                reply,
                run,
                by.tokens().output(),
                by.ranMicros());
        if (call.body().length <= LOOP_BYTES) {
            then.accept(ladder.check(inquiry));
            return;
        }
        loop.executeBlocking(() -> ladder.check(inquiry), false)
                .onComplete(steps -> then.accept(steps.succeeded() ? steps.result() : broken(steps.cause())));
    }

    /** A ladder that breaks lets nothing pass: a doubt goes to the large model. */
    private List<VerifyStep> broken(Throwable cause) {
        CallRecord.logFault(cause, call.id());
        return List.of(new VerifyStep("end", VerifyStep.Result.FAIL, "internal", 0));
    }
}
