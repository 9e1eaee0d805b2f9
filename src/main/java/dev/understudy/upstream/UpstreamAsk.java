package dev.understudy.upstream;

import dev.understudy.call.Secret;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.ModelFailure;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.Splice;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One question on its way to an upstream and back, confined to the asker's event loop.
 *
 * <pre>
 * Queued ──▶ Connecting ──▶ Sent ──▶ Reading ──▶ Over
 *    └────────────┴───────────┴─────────────────────▲   cancel, failure, time limit
 * </pre>
 *
 * Every continuation looks at the state first: a cancelled question may still be told of its connection or its head.
 */
final class UpstreamAsk implements Asked, Slots.Waiter {
    private static final int NO_CONTENT = 204;
    private static final int PARTIAL_CONTENT = 206;
    private static final double TOKENS_PER_CHARACTER = 0.27;

    private final UpstreamModel model;
    private final Ask ask;
    private final AnswerSink sink;
    private final Patience patience;
    private Breaker.Pass pass = Breaker.Pass.REFUSED;
    private State state = new State.Queued();
    private final Deadlines deadlines;
    private final Deadlines.Deadline deadline = new Deadlines.Deadline(this::due);
    private boolean returned;
    private boolean hasSlot;
    private boolean paused;
    private boolean content;
    private boolean addsUsage;
    private boolean usageDropped;
    /** Whether the client's own time limit was met, which is not the upstream's fault. */
    private boolean impatient;

    private long connectNanos;
    private long sentNanos;
    private long lastNanos;

    UpstreamAsk(UpstreamModel model, Ask ask, AnswerSink sink) {
        this.model = model;
        this.ask = ask;
        this.sink = sink;
        this.deadlines = model.deadlines();
        this.patience = Patience.of(model.card().limits(), ask.call(), System.nanoTime());
    }

    /** Begins; called once, by the maker. */
    void start() {
        pass = model.breaker().admit(System.nanoTime());
        if (pass == Breaker.Pass.REFUSED) {
            fail(model.isLeftAlone());
            returned = true;
            return;
        }
        switch (model.slots().take(this)) {
            case TAKEN -> {
                hasSlot = true;
                connect();
            }
            case QUEUED -> arm(patience.connect());
            case REFUSED -> fail(busy());
        }
        returned = true;
    }

    @Override
    public void granted() {
        ask.loop().execute(() -> {
            if (state instanceof State.Over) {
                model.slots().give();
            } else {
                hasSlot = true;
                disarm();
                connect();
            }
        });
    }

    @Override
    public void cancel() {
        if (!(state instanceof State.Over)) {
            end(true, Breaker.Verdict.NEITHER);
        }
    }

    @Override
    public void pause() {
        paused = true;
        if (state instanceof State.Reading reading) {
            reading.response().pause();
        }
    }

    @Override
    public void resume() {
        paused = false;
        lastNanos = System.nanoTime();
        rearm(lastNanos);
        if (state instanceof State.Reading reading) {
            reading.response().resume();
        }
    }

    private void connect() {
        state = new State.Connecting();
        sentNanos = System.nanoTime();
        connectNanos = sentNanos;
        lastNanos = sentNanos;
        armNext();
        if (model.forwards() && ask.providerKey() == null) {
            fail(ModelFailure.of(
                    ModelFailure.Code.UNAVAILABLE,
                    "The model needs an API key: send your provider's as 'Authorization: Bearer <key>'."));
            return;
        }
        addsUsage = Splice.addsUsage(ask.call()) && model.takesUsageWish();
        request();
    }

    private void request() {
        connectNanos = System.nanoTime();
        model.client().request(model.optionsFor(ask.call().api())).onComplete(connected -> {
            if (connected.succeeded()) {
                send(connected.result());
            } else {
                failUnreached(connected.cause());
            }
        });
    }

    private void send(HttpClientRequest request) {
        // Without one the library logs a reset that we ask for ourselves.
        request.exceptionHandler(cause -> {});
        if (state instanceof State.Over) {
            request.reset();
            return;
        }
        state = new State.Sent(request);
        rearm(System.nanoTime());
        HeaderRules.toUpstream(ask.headers(), request.headers(), model.forwards());
        Secret credential = model.credentialFor(ask);
        if (credential != null) {
            request.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + credential.reveal());
        }
        byte[] body = Splice.forUpstream(ask.call(), model.place().model(), addsUsage);
        request.send(Buffer.buffer(body)).onComplete(answered -> {
            if (answered.succeeded()) {
                head(request, answered.result());
            } else {
                failUnreached(answered.cause());
            }
        });
    }

    private void head(HttpClientRequest request, HttpClientResponse response) {
        if (state instanceof State.Over) {
            return;
        }
        int status = response.statusCode();
        lastNanos = System.nanoTime();
        state = new State.Reading(request, response);
        rearm(lastNanos);
        if (status < 500) {
            model.breaker().answering(pass, lastNanos);
        }
        // Without one the library logs a reset that we ask for ourselves.
        response.exceptionHandler(cause -> {});
        if (paused) {
            response.pause();
        }
        if (status >= 400) {
            read(response, new ErrorReading(this, response));
        } else if (status / 100 != 2 || status == NO_CONTENT || status == PARTIAL_CONTENT) {
            fail(ModelFailure.of(
                    ModelFailure.Code.UPSTREAM_MALFORMED, "The upstream answered with status " + status + "."));
        } else {
            if (usageDropped) {
                model.refusesUsageWish();
            }
            sink.accepted(new Accepted(status, answerHeaders(response), response.getHeader("x-request-id")));
            if (state instanceof State.Reading) {
                read(response, readingOf(request, response));
            }
        }
    }

    private void read(HttpClientResponse response, Reading reading) {
        response.handler(chunk -> {
            if (isOver()) {
                reading.late(false);
            } else {
                lastNanos = System.nanoTime();
                reading.chunk(chunk);
            }
        });
        response.exceptionHandler(cause -> {
            if (!isOver()) {
                reading.broken();
            }
        });
        response.endHandler(end -> {
            if (isOver()) {
                reading.late(true);
            } else {
                reading.end();
            }
        });
    }

    /** Whether the question was sent with a wish for usage that is ours alone, and so can be sent without it. */
    boolean mayDropUsage() {
        return addsUsage && state instanceof State.Reading;
    }

    /** Sends the question once more, without our wish for usage. The refusal must have been read to its end. */
    void askWithoutUsage() {
        addsUsage = false;
        usageDropped = true;
        state = new State.Connecting();
        request();
    }

    private Reading readingOf(HttpClientRequest request, HttpClientResponse response) {
        return ask.call().stream() ? new FirstBytes(this, request, response) : new DocumentReading(this, response);
    }

    /** Headers of an answer or an error that go on to the client. */
    Map<String, String> answerHeaders(HttpClientResponse response) {
        return HeaderRules.toClient(response.headers(), model.showsOurKey());
    }

    Ask ask() {
        return ask;
    }

    UpstreamModel model() {
        return model;
    }

    AnswerSink sink() {
        return sink;
    }

    /** Whether the client is behind, so that what the upstream sent lies unread. */
    boolean isPaused() {
        return paused;
    }

    boolean isOver() {
        return state instanceof State.Over;
    }

    /** From here only the idle and the total limit hold. */
    void sawContent() {
        content = true;
    }

    /** The answer is whole. What the upstream may still send is not waited for unless it has all come. */
    void finish(@Nullable String finish, TokenCount tokens, boolean bodyEnded) {
        end(!bodyEnded, Breaker.Verdict.GOOD);
        sink.ended(new AnswerEnd(finish, tokens, null, null));
    }

    void fail(ModelFailure failure) {
        fail(failure, false);
    }

    void fail(ModelFailure failure, boolean bodyEnded) {
        if (isOver()) {
            return;
        }
        end(!bodyEnded, Health.verdict(failure, impatient));
        if (returned) {
            sink.failed(failure);
        } else {
            ask.loop().execute(() -> sink.failed(failure));
        }
    }

    /** What the wire's reader found wrong, as a failure of the model. */
    static ModelFailure failure(ApiFailure failure, @Nullable Buffer upstreamError) {
        ModelFailure.Code code = switch (failure.error()) {
            case UPSTREAM_STREAM_TRUNCATED -> ModelFailure.Code.UPSTREAM_TRUNCATED;
            case UPSTREAM_EVENT_TOO_LARGE -> ModelFailure.Code.UPSTREAM_EVENT_TOO_LARGE;
            default -> ModelFailure.Code.UPSTREAM_MALFORMED;
        };
        return new ModelFailure(code, failure.message(), null, null, upstreamError, Map.of(), null);
    }

    /** A count of the answer alone, made of its characters; whoever knows the prompt adds it. */
    static TokenCount estimated(int characters) {
        return new TokenCount(0, 0, (int) Math.ceil(characters * TOKENS_PER_CHARACTER), TokenCount.Source.ESTIMATED);
    }

    /** There is no connection, or it ended before the head. */
    private void failUnreached(Throwable cause) {
        if (cause instanceof ConnectionPoolTooBusyException) {
            fail(busy());
        } else {
            unreached(Unreached.why(cause));
        }
    }

    private void unreached(String why) {
        ModelFailure.Again again = state instanceof State.Sent ? again() : ModelFailure.Again.UNSENT;
        String message = "The upstream of model `" + model.card().name() + "` " + why;
        fail(ModelFailure.of(ModelFailure.Code.UPSTREAM_UNAVAILABLE, message, again, 0));
    }

    /** Of a question that was sent. With a caller's own key it is not sent twice: the caller would pay for both. */
    ModelFailure.Again again() {
        return model.forwards() ? ModelFailure.Again.NO : ModelFailure.Again.SENT;
    }

    private static ModelFailure busy() {
        return ModelFailure.of(ModelFailure.Code.UPSTREAM_BUSY, "The model has too many calls at the moment.");
    }

    private void end(boolean reset, Breaker.Verdict verdict) {
        State last = state;
        state = new State.Over();
        disarm();
        if (last instanceof State.Queued) {
            model.slots().leave(this);
        }
        if (reset) {
            switch (last) {
                case State.Sent sent -> sent.request().reset();
                case State.Reading reading -> reading.request().reset();
                case State.Queued queued -> {}
                case State.Connecting connecting -> {}
                case State.Over over -> {}
            }
        }
        if (hasSlot) {
            hasSlot = false;
            model.slots().give();
        }
        if (pass != Breaker.Pass.REFUSED) {
            model.breaker().over(pass, verdict, System.nanoTime());
        }
    }

    private void disarm() {
        deadlines.clear(deadline);
    }

    /** One deadline an answer, set to whichever limit comes first; bytes that come only move the limit, not the deadline. */
    private void armNext() {
        long now = System.nanoTime();
        long left = timeLeft(now);
        if (left <= 0) {
            impatient = patience.hasty() && isOnClientsTime();
            if (state instanceof State.Connecting) {
                unreached(Unreached.TOO_LATE);
            } else {
                fail(ModelFailure.of(ModelFailure.Code.UPSTREAM_TIMEOUT, "The upstream did not answer in time."));
            }
        } else {
            arm(left);
        }
    }

    /** Whether the limit that holds now is one that a client may lower. */
    private boolean isOnClientsTime() {
        return switch (state) {
            case State.Queued queued -> true;
            case State.Connecting connecting ->
                patience.connect() < model.card().limits().connect().toNanos();
            case State.Sent sent -> true;
            case State.Reading reading -> !ask.call().stream();
            case State.Over over -> false;
        };
    }

    /** Moves the deadline to the limits that hold from now on. */
    private void rearm(long now) {
        deadlines.set(deadline, now + timeLeft(now));
    }

    private void arm(long nanos) {
        deadlines.set(deadline, System.nanoTime() + nanos);
    }

    private void due() {
        switch (state) {
            case State.Over over -> {}
            case State.Queued queued -> fail(busy());
            case State.Connecting connecting -> armNext();
            case State.Sent sent -> armNext();
            case State.Reading reading -> armNext();
        }
    }

    private long timeLeft(long now) {
        if (state instanceof State.Connecting) {
            return connectNanos + patience.connect() - now;
        }
        long left = sentNanos + patience.total() - now;
        if (state instanceof State.Reading) {
            if (!content) {
                left = Math.min(left, sentNanos + patience.firstContent() - now);
            }
            // A client that reads slowly is no fault of the upstream.
            return paused ? left : Math.min(left, lastNanos + patience.idle() - now);
        }
        return Math.min(left, sentNanos + patience.head() - now);
    }

    /** Where a question stands. */
    private sealed interface State {
        /** Waiting for a place. */
        record Queued() implements State {}

        /** Waiting for a connection. */
        record Connecting() implements State {}

        /** The question is out, the head is not in. */
        record Sent(HttpClientRequest request) implements State {}

        /** The answer comes in. */
        record Reading(HttpClientRequest request, HttpClientResponse response) implements State {}

        /** Ended; the sink is told nothing more. */
        record Over() implements State {}
    }
}
