package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Tier;
import dev.understudy.model.Ask;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Readiness;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the targets of one exchange, one after the other: makes a try of each, sets the clock of a small model, and asks
 * one of them once more. Confined to one event loop.
 */
final class Asking {
    private final House house;
    private final Context loop;
    private final Call call;
    private final String team;
    private final Ruling ruling;
    private final MultiMap headers;
    private final boolean guardsLarge;
    private final Tries tries;
    private final Try.Owner owner;
    private final Targets targets;
    private final Timer pause;
    private final Timer patience;
    private Targets.@Nullable Next asked;
    private boolean repeated;

    /**
     * @param guardsLarge whether large models' answers are looked at once more when they are whole
     * @param tries where the tries are kept
     * @param owner told of them
     */
    Asking(
            House house,
            Context loop,
            Call call,
            Caller caller,
            Ruling ruling,
            MultiMap headers,
            boolean guardsLarge,
            Tries tries,
            Try.Owner owner) {
        this.house = house;
        this.loop = loop;
        this.call = call;
        this.team = caller.team();
        this.ruling = ruling;
        this.headers = headers;
        this.guardsLarge = guardsLarge;
        this.tries = tries;
        this.owner = owner;
        this.targets = new Targets(ruling, caller.providerKey());
        this.pause = new Timer(house.vertx());
        this.patience = new Timer(house.vertx());
    }

    /** A try of the next target that may be asked; null when nobody is left. It must be begun. */
    @Nullable
    Try next() {
        patience.cancel();
        asked = targets.next();
        return asked == null ? null : made(asked);
    }

    private Try made(Targets.Next next) {
        boolean recorded = ruling.decision().capture().record() == CaptureOrder.Level.FULL;
        Tier tier = next.model().card().tier();
        Hold hold = Hold.of(call, ruling, tier);
        boolean kept = tier == Tier.LLM && guardsLarge;
        Try made = new Try(owner, tries.count() + 1, next, hold, kept, recorded, owner.microsNow());
        tries.add(made);
        return made;
    }

    /**
     * Asks the model of a try; a model that throws has failed before this returns.
     *
     * @param late told when a small model has had its time
     */
    void begin(Try made, Consumer<Try> late) {
        Targets.Next next = asked;
        if (next == null) {
            throw new IllegalStateException("a try without a target");
        }
        Long longest = Patience.millis(call, ruling.decision().demands(), made.card());
        if (longest != null) {
            patience.set(longest, () -> late.accept(made));
        }
        Ask ask = new Ask(call, team, next.key(), headers, task -> loop.runOnContext(run -> task.run()));
        try {
            made.asked(next.model().ask(ask, made));
        } catch (RuntimeException e) {
            CallRecord.logFault(e, call.id());
            made.failed(ModelFailure.of(ModelFailure.Code.INTERNAL, Intake.INTERNAL));
        }
    }

    /** Whether the target that failed may be asked once more. */
    boolean mayRepeat(Try by, ModelFailure failure) {
        return !repeated
                && !by.isSmall()
                && asked != null
                && Repeat.mayRepeat(call, failure, System.nanoTime())
                && asked.model().readiness().state() == Readiness.State.READY;
    }

    /**
     * Has the same target tried once more, a moment later, so that calls which failed together do not come back together.
     *
     * @param then given the try, which must be begun; forgotten once this is stopped
     */
    void repeat(ModelFailure failure, Consumer<Try> then) {
        repeated = true;
        pause.set(Repeat.delayMillis(failure, house.random()), () -> {
            if (asked != null) {
                then.accept(made(asked));
            }
        });
    }

    /** Whether the next target may be asked after this failure. */
    boolean mayGoOn(ModelFailure failure, ModelCard failed) {
        return ClientError.mayTryNext(failure, failed, targets.isNextLarger(failed));
    }

    /** How long the models that were left out since they fail will be left alone; 0 when none were. */
    int waitSeconds() {
        return targets.waitSeconds();
    }

    /** Nobody is asked any more. */
    void stop() {
        pause.cancel();
        patience.cancel();
    }
}
