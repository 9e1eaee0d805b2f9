package dev.understudy.serve;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.AnswerVoice;
import dev.understudy.model.Frame;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call carried out: the decision's targets, one after the other, and the flow from the one that answers to the
 * client. Confined to one event loop, so it needs no locks.
 *
 * <pre>
 * Waiting ──▶ Relaying ──▶ Over
 *    └────────────────────▲   refused, nobody left, client gone
 * </pre>
 *
 * While it waits, nothing of an answer has reached the client and the next target may still be asked, even though the
 * head may be out. Once it relays, a failure can only be told inside the answer. Every continuation looks at the state
 * first; whoever brings the exchange to Over records it, once.
 */
final class Exchange implements Try.Owner, Delivery.Source {
    /** No small model's answer is that long. */
    private static final int WHOLE_BYTES = 8 << 20;

    private final House house;
    private final Context loop;
    private final Call call;
    private final String team;
    private final Ruling ruling;
    private final Decision.Action action;
    private final CallRecord record;
    private final Settlement settlement;
    private final Asking asking;
    private final Delivery delivery;
    private final KeptIds kept;
    private final Verifier verifier;
    private final Tries tries = new Tries();
    private State state = new State.Waiting(null);
    private @Nullable Long firstContentMicros;

    Exchange(
            House house,
            Context loop,
            Call call,
            Caller caller,
            Ruling ruling,
            MultiMap headers,
            ClientAnswer client,
            CallRecord record) {
        this.house = house;
        this.loop = loop;
        this.call = call;
        this.team = caller.team();
        this.ruling = ruling;
        this.record = record;
        this.settlement = new Settlement(house, record, ruling, tries);
        this.action = ruling.decision().action();
        this.kept = new KeptIds(house.held(), caller.team(), call);
        this.verifier = new Verifier(house.ladder(), loop, call, ruling);
        this.delivery = new Delivery(house, call, ruling.decision(), client, record, this);
        this.asking = new Asking(house, loop, call, caller, ruling, headers, verifier.guardsLarge(), tries, this);
    }

    /** Carries the call out; called once. The client's leaving must be reported to {@link #gone()} from before on. */
    void run() {
        Decision.Denial denial = ruling.decision().deny();
        if (denial == null) {
            record.asking(microsNow());
            next(null);
        } else {
            ClientError error = ClientError.of(denial, asking.waitSeconds());
            delivery.denied(error);
            over(Interaction.Outcome.DENIED, delivery.status(), error.code(), null);
        }
    }

    /** The client has left: everything under way ends, nothing new starts. */
    void gone() {
        cutOff(null);
    }

    /** The gateway stops and waits no longer: what is under way ends with an error, before the head or inside the stream. */
    void stopped() {
        tries.giveUp("stopped");
        completeTokens();
        ClientError error = ClientError.of(Reception.STOPPING);
        switch (state) {
            case State.Waiting waiting -> fail(error);
            case State.Relaying relaying -> breakOff(error, relaying.chosen());
            case State.Over over -> {}
        }
    }

    @Override
    public long microsNow() {
        return call.microsAt(System.nanoTime());
    }

    /** Ends the exchange after a fault of our own, wherever it stands. */
    @Override
    public void broke(RuntimeException fault) {
        CallRecord.logFault(fault, call.id());
        if (!(state instanceof State.Over)) {
            tries.giveUp(ModelFailure.Code.INTERNAL.wire());
            fail(ClientError.of(new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL)));
        }
    }

    @Override
    public void accepted(Try by) {
        if (isCurrent(by)) {
            delivery.accepted();
        }
    }

    @Override
    public void shows(Try by, AnswerSink.Shown kind, String id) {
        kept.shown(by, kind, id);
        if (kind == AnswerSink.Shown.RESPONSE) {
            house.sessions().shown(team, ruling.signals(), id);
        }
    }

    @Override
    public Api api() {
        return call.api();
    }

    @Override
    public void frame(Try from, Frame frame) {
        switch (state) {
            case State.Waiting waiting
            when waiting.current() == from -> {
                from.hold(frame);
                if (from.mayLeave(frame, isBeginningDue())) {
                    if (from.isBeginning() && !beginsWell(from)) {
                        reject(from);
                    } else {
                        commit(from);
                        delivery.held(from);
                    }
                } else if (from.heldBytes() > WHOLE_BYTES && call.stream()) {
                    tooLong(from);
                }
            }
            case State.Relaying relaying when relaying.chosen() == from -> delivery.frame(from, frame);
            case State.Waiting waiting -> {}
            case State.Relaying relaying -> {}
            case State.Over over -> {}
        }
    }

    private boolean beginsWell(Try by) {
        String text = by.readHeld(call.stream()).content();
        by.verified(verifier.checkBeginning(text == null ? "" : text));
        return by.passed();
    }

    private void tooLong(Try by) {
        if (by.isSmall()) {
            reject(by);
        } else if (by.isHeldWhole()) {
            deny(by);
        }
    }

    @Override
    public void ended(Try by, AnswerEnd end) {
        if (!isCurrent(by)) {
            return;
        }
        completeTokens();
        if (!by.isSmall()) {
            if (verifier.guardsLarge()) {
                verifier.guard(by, by.readKept(call.stream()), steps -> guarded(by, steps));
            } else {
                finish(by);
            }
            return;
        }
        Reply reply = end.reply() == null ? by.readReply(call.stream()) : end.reply();
        if (reply == null) {
            judged(by, List.of());
        } else {
            verifier.check(by, reply, end.run(), steps -> judged(by, steps));
        }
    }

    /** The ladder has spoken, perhaps after the exchange went on without it. */
    private void judged(Try by, List<VerifyStep> steps) {
        by.verified(steps);
        if (!isCurrent(by)) {
            return;
        }
        if (by.passed()) {
            finish(by);
        } else if (state instanceof State.Waiting) {
            reject(by);
        } else if (by.isCut()) {
            // Its finish reason tells the client as much.
            finish(by);
        } else {
            breakOff(ClientError.of(ClientError.rejected(by.card())), by);
        }
    }

    /** It is known whether a large model's answer is what policies ask for. */
    private void guarded(Try by, List<VerifyStep> steps) {
        by.verified(steps);
        if (isCurrent(by)) {
            if (verifier.denies(steps)) {
                deny(by);
            } else {
                finish(by);
            }
        }
    }

    /** Ends the call for what a large model's answer holds; nobody else is asked. */
    private void deny(Try by) {
        ClientError error = ClientError.of(new ApiFailure(
                ApiError.POLICY_GUARD, "The answer holds what a policy of this gateway does not let through."));
        by.giveUp(error.code());
        if (delivery.isHeadOut()) {
            delivery.breakOff(error);
        } else {
            delivery.refused(error, by.route(action), tries.count());
        }
        over(Interaction.Outcome.DENIED, delivery.status(), error.code(), null);
    }

    /** Sends what is left of an answer that is whole. */
    private void finish(Try by) {
        if (state instanceof State.Waiting) {
            commit(by);
            if (!call.stream()) {
                delivery.document(by);
                over(Interaction.Outcome.COMPLETED, delivery.status(), null, by);
                return;
            }
            delivery.held(by);
        }
        if (isCurrent(by)) {
            delivery.end();
            over(Interaction.Outcome.COMPLETED, delivery.status(), null, by);
        }
    }

    @Override
    public void failed(Try by, ModelFailure failure) {
        if (!isCurrent(by)) {
            return;
        }
        completeTokens();
        ClientError error = ClientError.of(failure, by.card());
        if (by.isSmall() && delivery.isPaused()) {
            // what failed is the client, who does not read; nobody is left to tell
            cutOff("client_too_slow");
        } else if (state instanceof State.Relaying) {
            breakOff(error, by);
        } else if (asking.mayRepeat(by, failure)) {
            repeat(failure);
        } else if (asking.mayGoOn(failure, by.card())) {
            next(told(error, by));
        } else {
            fail(told(error, by));
        }
    }

    private void repeat(ModelFailure failure) {
        state = new State.Waiting(null);
        asking.repeat(failure, this::begin);
    }

    private ClientError told(ClientError error, Try by) {
        return by.isSmall() && ruling.signals().sensitivity() == Sensitivity.RESTRICTED
                ? ClientError.restricted(error)
                : error;
    }

    private void reject(Try by) {
        by.giveUp(ModelFailure.Code.UNPARSED.wire());
        next(told(ClientError.of(ClientError.rejected(by.card())), by));
    }

    /** A small model has had its time, whatever it has to show for it. */
    private void late(Try by) {
        if (isCurrent(by)) {
            by.giveUp(ModelFailure.Code.DEADLINE.wire());
            completeTokens();
            ClientError error = ClientError.of(
                    ModelFailure.of(ModelFailure.Code.DEADLINE, "the small model was not done in time"), by.card());
            if (state instanceof State.Relaying) {
                breakOff(error, by);
            } else {
                next(told(error, by));
            }
        }
    }

    /** Asks the next target that may be asked, or tells the client what the last one ended with. */
    private void next(@Nullable ClientError last) {
        Try made = asking.next();
        if (made == null) {
            fail(last == null ? noModel() : last);
        } else {
            begin(made);
        }
    }

    private void begin(Try made) {
        state = new State.Waiting(made);
        asking.begin(made, this::late);
    }

    /** Whether the beginning of a response is held no longer: it must not be later than a head that is out. */
    private boolean isBeginningDue() {
        return call.api() == Api.RESPONSES && delivery.isHeadOut();
    }

    /** From here nothing is retried. */
    private void commit(Try by) {
        by.chosen();
        state = new State.Relaying(by);
        firstContentMicros = microsNow();
        kept.leaving(by);
        if (!delivery.isHeadOut()) {
            delivery.head(by, by.card().name(), by.route(action), tries.count());
        }
    }

    @Override
    public void headDue() {
        if (call.api() == Api.RESPONSES
                && state instanceof State.Waiting(Try current)
                && current != null
                && current.heldBytes() > 0
                && !current.isHeldWhole()) {
            // From here nobody else may answer: the client will know this response by its id.
            commit(current);
            delivery.held(current);
        } else {
            delivery.head(tries.last(), "pending", tries.last().route(action), tries.count());
            delivery.flushHead();
        }
    }

    @Override
    public @Nullable AnswerVoice voice() {
        return state instanceof State.Relaying(Try chosen) ? chosen.voice() : null;
    }

    @Override
    public void clientTooSlow() {
        cutOff("client_too_slow");
    }

    private void fail(ClientError error) {
        if (delivery.isHeadOut()) {
            breakOff(error, null);
        } else {
            Interaction.Route route =
                    tries.count() == 0 ? Interaction.Route.DIRECT : tries.last().route(action);
            delivery.refused(error, route, tries.count());
            over(Interaction.Outcome.FAILED, delivery.status(), error.code(), null);
        }
    }

    private void breakOff(ClientError error, @Nullable Try by) {
        delivery.breakOff(error);
        over(Interaction.Outcome.FAILED, delivery.status(), error.failure().code(), by);
    }

    private void cutOff(@Nullable String why) {
        if (!(state instanceof State.Over)) {
            Try chosen = state instanceof State.Relaying relaying ? relaying.chosen() : null;
            tries.giveUp("client_gone");
            completeTokens();
            over(Interaction.Outcome.CLIENT_GONE, delivery.statusOrGone(), why, chosen);
            if (why != null) {
                delivery.reset();
            }
        }
    }

    private void completeTokens() {
        tries.completeTokens(ruling.signals().tokens(), call.stream());
    }

    private void over(Interaction.Outcome outcome, int status, @Nullable String error, @Nullable Try chosen) {
        state = new State.Over();
        delivery.stop();
        asking.stop();
        if (outcome == Interaction.Outcome.COMPLETED && ruling.decision().mirror() != null) {
            mirror();
        }
        Interaction.Route route = chosen == null ? null : chosen.route(action);
        settlement.over(new CallRecord.Ending(outcome, status, error, chosen, route, firstContentMicros, microsNow()));
    }

    /** Has the call asked once more beside, when its answer has left. */
    private void mirror() {
        delivery.onLeft(() -> {
            if (ruling.models().hold()) {
                house.mirrors().offer(loop, call, team, ruling, tries.count());
            }
        });
    }

    @Override
    public void spent(Try by) {
        settlement.spent();
    }

    private boolean isCurrent(Try one) {
        return switch (state) {
            case State.Waiting waiting -> waiting.current() == one;
            case State.Relaying relaying -> relaying.chosen() == one;
            case State.Over over -> false;
        };
    }

    private static ClientError noModel() {
        return ClientError.of(
                new ApiFailure(ApiError.NO_ELIGIBLE_MODEL, "No model that may answer this call can be asked."));
    }

    /** Where an exchange stands. */
    private sealed interface State {
        /** Nothing of an answer has left: the next target may still be asked. */
        record Waiting(@Nullable Try current) implements State {}

        /** This answer is on its way to the client. */
        record Relaying(Try chosen) implements State {}

        /** Ended and recorded. */
        record Over() implements State {}
    }
}
