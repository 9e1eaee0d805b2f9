package dev.understudy.upstream;

import dev.understudy.call.Secret;
import dev.understudy.model.Accepted;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Passage;
import dev.understudy.model.RelaySink;
import dev.understudy.model.Relayed;
import dev.understudy.openai.UpstreamError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through to an upstream, and its answer on the way back, byte for byte; confined to the asker's
 * event loop. Only an error is gathered, so that a client sees OpenAI's shape.
 *
 * <pre>
 * Queued ──▶ Connecting ──▶ Sending ──▶ Reading ──▶ Over
 *    └────────────┴────────────┴────────────▲   cancel, failure, time limit
 * </pre>
 *
 * An upstream may answer while the body is still on its way.
 */
final class UpstreamRelay implements Relayed, Slots.Waiter {
    /** More than any provider explains; what is longer is cut, and so no longer JSON. */
    private static final int ERROR_BYTES = 256 << 10;
    /** Bytes of a body that may wait for the upstream. */
    private static final int UNSENT_BYTES = 256 << 10;
    /** An upstream that takes nothing of a body for so long is given up. */
    private static final long STALLED_NANOS = Duration.ofSeconds(60).toNanos();

    private final UpstreamModel model;
    private final Passage passage;
    private final RelaySink sink;
    private final ModelCard.Limits limits;
    private State state = new State.Queued();
    private Breaker.Pass pass = Breaker.Pass.REFUSED;
    private boolean returned;
    private boolean hasSlot;
    private boolean paused;
    private boolean bodyEnded;
    private boolean full;
    private long sinceNanos;
    private long lastNanos;
    private long timer = -1;

    UpstreamRelay(UpstreamModel model, Passage passage, RelaySink sink) {
        this.model = model;
        this.passage = passage;
        this.sink = sink;
        this.limits = model.card().limits();
    }

    /** Begins; called once, by the maker. */
    void start() {
        sinceNanos = System.nanoTime();
        pass = model.breaker().admit(sinceNanos);
        if (pass == Breaker.Pass.REFUSED) {
            fail(model.isLeftAlone());
            returned = true;
            return;
        }
        arm(limits.connect().toNanos());
        switch (model.slots().take(this)) {
            case TAKEN -> {
                hasSlot = true;
                connect();
            }
            case QUEUED -> {}
            case REFUSED -> fail(busy());
        }
        returned = true;
    }

    @Override
    public void granted() {
        passage.loop().execute(() -> {
            if (isOver()) {
                model.slots().give();
            } else {
                hasSlot = true;
                connect();
            }
        });
    }

    @Override
    public void write(Buffer bytes) {
        HttpClientRequest request = request();
        if (request != null && !bodyEnded) {
            lastNanos = System.nanoTime();
            request.write(bytes);
            full = request.writeQueueFull();
        }
    }

    @Override
    public void end() {
        HttpClientRequest request = request();
        if (request != null && !bodyEnded) {
            sent();
            request.end();
        }
    }

    @Override
    public boolean isFull() {
        return full;
    }

    @Override
    public void cancel() {
        if (!isOver()) {
            over(true, Breaker.Verdict.NEITHER);
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
        if (state instanceof State.Reading reading) {
            reading.response().resume();
        }
    }

    private void connect() {
        state = new State.Connecting();
        if (model.forwards() && passage.providerKey() == null) {
            fail(ModelFailure.of(
                    ModelFailure.Code.UNAVAILABLE,
                    "The model needs an API key: send your provider's as 'Authorization: Bearer <key>'."));
            return;
        }
        model.client().request(model.at(passage.method(), passage.path())).onComplete(connected -> {
            if (connected.succeeded()) {
                send(connected.result());
            } else {
                failUnreached(connected.cause());
            }
        });
    }

    private void send(HttpClientRequest request) {
        if (isOver()) {
            request.reset();
            return;
        }
        state = new State.Sending(request);
        HeaderRules.toUpstream(passage.headers(), request.headers(), model.forwards());
        Secret credential = model.credentialFor(passage.providerKey());
        if (credential != null) {
            request.putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + credential.reveal());
        }
        // Without one the library logs a reset that we ask for ourselves.
        request.exceptionHandler(cause -> {});
        request.response().onComplete(answered -> {
            if (answered.succeeded()) {
                head(request, answered.result());
            } else {
                failUnreached(answered.cause());
            }
        });
        lastNanos = System.nanoTime();
        if (passage.length() == 0) {
            request.headers().remove(HttpHeaders.CONTENT_TYPE);
            sent();
            request.end();
            return;
        }
        if (passage.length() > 0) {
            request.putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(passage.length()));
        } else {
            request.setChunked(true);
        }
        request.setWriteQueueMaxSize(UNSENT_BYTES);
        request.drainHandler(drained -> {
            full = false;
            lastNanos = System.nanoTime();
            if (!isOver() && !bodyEnded) {
                sink.ready();
            }
        });
        armNext();
        if (returned) {
            sink.ready();
        } else {
            passage.loop().execute(() -> {
                if (!isOver()) {
                    sink.ready();
                }
            });
        }
    }

    /** From here the upstream's time runs. */
    private void sent() {
        bodyEnded = true;
        sinceNanos = System.nanoTime();
        lastNanos = sinceNanos;
        armNext();
    }

    private void head(HttpClientRequest request, HttpClientResponse response) {
        if (isOver()) {
            return;
        }
        lastNanos = System.nanoTime();
        state = new State.Reading(request, response);
        int status = response.statusCode();
        if (status < 500) {
            model.breaker().answering(pass, lastNanos);
        }
        if (status >= 400) {
            readError(response);
        } else if (status / 100 != 2) {
            fail(ModelFailure.of(
                    ModelFailure.Code.UPSTREAM_MALFORMED, "The upstream answered with status " + status + "."));
        } else {
            read(response);
        }
    }

    private void read(HttpClientResponse response) {
        response.exceptionHandler(cause -> fail(ModelFailure.of(
                ModelFailure.Code.UPSTREAM_TRUNCATED, "The upstream closed the connection inside its answer.")));
        response.handler(bytes -> {
            if (!isOver()) {
                lastNanos = System.nanoTime();
                sink.bytes(bytes);
            }
        });
        response.endHandler(end -> {
            if (!isOver()) {
                over(!bodyEnded, Breaker.Verdict.GOOD);
                sink.ended();
            }
        });
        if (paused) {
            response.pause();
        }
        sink.head(new Accepted(response.statusCode(), headers(response), response.getHeader("x-request-id")));
    }

    private Map<String, String> headers(HttpClientResponse response) {
        Map<String, String> headers = new HashMap<>(HeaderRules.toClient(response.headers(), model.showsOurKey()));
        for (CharSequence form :
                new CharSequence[] {HttpHeaders.CONTENT_TYPE, HttpHeaders.CONTENT_LENGTH, HttpHeaders.CONTENT_ENCODING
                }) {
            String value = response.getHeader(form);
            if (value != null) {
                headers.put(form.toString(), value);
            }
        }
        return headers;
    }

    private void readError(HttpClientResponse response) {
        Buffer body = Buffer.buffer();
        response.exceptionHandler(cause -> failWith(response, body, false));
        response.handler(bytes -> {
            lastNanos = System.nanoTime();
            body.appendBuffer(bytes);
            if (body.length() > ERROR_BYTES) {
                failWith(response, body, false);
            }
        });
        response.endHandler(end -> failWith(response, body, true));
    }

    private void failWith(HttpClientResponse response, Buffer body, boolean whole) {
        if (isOver()) {
            return;
        }
        Map<String, String> headers = new HashMap<>(HeaderRules.toClient(response.headers(), model.showsOurKey()));
        String id = response.getHeader("x-request-id");
        if (id != null) {
            headers.put("x-understudy-upstream-request-id", id);
        }
        int wait = RetryAfter.seconds(response.getHeader(HttpHeaders.RETRY_AFTER), passage.at());
        model.heed(response.statusCode(), wait);
        ModelFailure failure = new ModelFailure(
                ModelFailure.Code.UPSTREAM_ERROR,
                "The upstream answered with status " + response.statusCode() + ".",
                null,
                response.statusCode(),
                UpstreamError.body(body),
                headers,
                null,
                ModelFailure.Again.NO,
                wait);
        over(!whole || !bodyEnded, Health.verdict(failure, false));
        sink.failed(failure);
    }

    private void failUnreached(Throwable cause) {
        fail(
                cause instanceof ConnectionPoolTooBusyException
                        ? busy()
                        : ModelFailure.of(
                                ModelFailure.Code.UPSTREAM_UNAVAILABLE,
                                "The upstream of model `" + model.card().name() + "` " + Unreached.why(cause)));
    }

    private static ModelFailure busy() {
        return ModelFailure.of(ModelFailure.Code.UPSTREAM_BUSY, "The model has too many calls at the moment.");
    }

    private void fail(ModelFailure failure) {
        if (isOver()) {
            return;
        }
        over(true, Health.verdict(failure, false));
        if (returned) {
            sink.failed(failure);
        } else {
            passage.loop().execute(() -> sink.failed(failure));
        }
    }

    private boolean isOver() {
        return state instanceof State.Over;
    }

    private @Nullable HttpClientRequest request() {
        return switch (state) {
            case State.Queued queued -> null;
            case State.Connecting connecting -> null;
            case State.Sending sending -> sending.request();
            case State.Reading reading -> reading.request();
            case State.Over over -> null;
        };
    }

    private void over(boolean reset, Breaker.Verdict verdict) {
        HttpClientRequest open = request();
        if (state instanceof State.Queued) {
            model.slots().leave(this);
        }
        state = new State.Over();
        disarm();
        if (reset && open != null) {
            open.reset();
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
        if (timer >= 0) {
            model.vertx().cancelTimer(timer);
            timer = -1;
        }
    }

    private void armNext() {
        long left = timeLeft(System.nanoTime());
        if (left > 0) {
            arm(left);
        } else {
            boolean unreached = state instanceof State.Queued || state instanceof State.Connecting;
            fail(
                    unreached
                            ? busyOrFar()
                            : ModelFailure.of(
                                    ModelFailure.Code.UPSTREAM_TIMEOUT, "The upstream did not answer in time."));
        }
    }

    private ModelFailure busyOrFar() {
        return state instanceof State.Queued
                ? busy()
                : ModelFailure.of(
                        ModelFailure.Code.UPSTREAM_UNAVAILABLE,
                        "The upstream of model `" + model.card().name() + "` could not be connected to in time.");
    }

    private void arm(long nanos) {
        disarm();
        timer = model.vertx().setTimer(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, fired -> {
            timer = -1;
            if (!isOver()) {
                armNext();
            }
        });
    }

    private long timeLeft(long now) {
        return switch (state) {
            case State.Queued queued -> sinceNanos + limits.connect().toNanos() - now;
            case State.Connecting connecting -> sinceNanos + limits.connect().toNanos() - now;
            // How fast a body comes is its sender's business; that it is taken is the upstream's.
            case State.Sending sending ->
                bodyEnded
                        ? sinceNanos + limits.timeout().toNanos() - now
                        : full ? lastNanos + STALLED_NANOS - now : STALLED_NANOS;
            case State.Reading reading -> {
                long left = sinceNanos + limits.streamTimeout().toNanos() - now;
                // A client that reads slowly is no fault of the upstream.
                yield paused ? left : Math.min(left, lastNanos + limits.idle().toNanos() - now);
            }
            case State.Over over -> Long.MAX_VALUE;
        };
    }

    /** Where a request stands. */
    private sealed interface State {
        /** Waiting for a place. */
        record Queued() implements State {}

        /** Waiting for a connection. */
        record Connecting() implements State {}

        /** The head is out, the body follows; the answer's head is not in. */
        record Sending(HttpClientRequest request) implements State {}

        /** The answer comes in. */
        record Reading(HttpClientRequest request, HttpClientResponse response) implements State {}

        /** Ended; the sink is told nothing more. */
        record Over() implements State {}
    }
}
