package dev.understudy.serve;

import dev.understudy.access.LimitReached;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Interaction;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.BodyCoding;
import dev.understudy.openai.CallReader;
import dev.understudy.policy.Held;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to being a call. The order of its checks is that of the surface: declared size, credential,
 * type, encoding, body, JSON; then the rooms below judge it. Confined to one event loop.
 */
final class Intake implements Arrival.Receiver, UnderWay.Ending {
    /** The text of every fault of our own. */
    static final String INTERNAL = "Something went wrong in the gateway. The log of the gateway knows the call's id.";

    /** What is longer is read by a worker: it would keep the loop from its other calls for milliseconds. */
    private static final int LOOP_BYTES = 1 << 20;

    private final House house;
    private final Context loop;
    private final Api api;
    private final HttpServerRequest request;
    private final UUID id;
    private final Instant receivedAt;
    private final long receivedNanos;
    private final ClientAnswer client;
    private final UnderWay underWay;
    private final RequestHeaders headers;
    private @Nullable Caller caller;
    private @Nullable Exchange exchange;
    private @Nullable Arrival arrival;
    private boolean over;

    /**
     * @param api {@link Api#CHAT} or {@link Api#RESPONSES}
     * @param underWay told once, when the call is over
     */
    Intake(
            House house,
            Context loop,
            Api api,
            HttpServerRequest request,
            UUID id,
            Instant receivedAt,
            UnderWay underWay) {
        this.house = house;
        this.loop = loop;
        this.api = api;
        this.request = request;
        this.id = id;
        this.receivedAt = receivedAt;
        this.receivedNanos = System.nanoTime();
        this.client = new ClientAnswer(request.response(), id);
        this.underWay = underWay;
        this.headers = RequestHeaders.of(request);
    }

    /** Begins; called once, when the head is there. */
    void start() {
        // First of all: a client that leaves before this is set would never be missed.
        request.response().exceptionHandler(this::broken);
        request.exceptionHandler(this::broken);
        long declared = headers.declaredLength();
        int most = house.bodies().limits().bytes();
        ApiFailure unfit = declared > most ? BodyBytes.tooLarge(most) : headers.unfit();
        if (unfit != null) {
            refuse(unfit, true);
            return;
        }
        Future<Caller> found = house.judgement()
                .caller(headers.authorization(), headers.apiKey(), headers.isLoopback(), headers.kept());
        if (!found.isComplete()) {
            request.pause();
            found.onComplete(answer -> {
                if (!over) {
                    known(answer, declared);
                    request.resume();
                }
            });
        } else {
            known(found, declared);
        }
    }

    private void known(AsyncResult<Caller> found, long declared) {
        if (found.failed()) {
            refuse(CallRecord.failure(found.cause(), id), headers.hasBody());
            return;
        }
        caller = found.result();
        ApiFailure unfit = headers.noJson();
        unfit = unfit == null ? headers.destination() : unfit;
        BodyCoding coding = headers.coding();
        if (unfit != null || coding == null) {
            refuse(
                    unfit == null ? CallRecord.failure(new IllegalStateException("coding"), id) : unfit,
                    headers.hasBody());
            return;
        }
        if (headers.expectsContinue()) {
            request.response().writeContinue();
        }
        arrival = new Arrival(house, loop, request, declared, coding, receivedNanos, this);
        arrival.begin();
    }

    @Override
    public void arrived(byte[] body) {
        long readyNanos = System.nanoTime();
        if (body.length <= LOOP_BYTES) {
            Call call;
            try {
                call = read(body);
            } catch (ApiFailure | RuntimeException e) {
                refuse(CallRecord.failure(e, id), false);
                return;
            }
            judge(call, readyNanos);
            return;
        }
        loop.executeBlocking(() -> read(body), false).onComplete(read -> {
            if (over) {
                // the client has left meanwhile
                return;
            }
            if (read.succeeded()) {
                judge(read.result(), readyNanos);
            } else {
                refuse(CallRecord.failure(read.cause(), id), false);
            }
        });
    }

    @Override
    public void refused(Throwable cause) {
        refuse(CallRecord.failure(cause, id), true);
    }

    private Call read(byte[] body) throws ApiFailure {
        return CallReader.read(api, id, receivedAt, receivedNanos, body, headers.kept());
    }

    private void judge(Call call, long readyNanos) {
        Caller by = caller;
        if (by == null) {
            throw new IllegalStateException("a body is read only once its caller is known");
        }
        if (call.references().isEmpty()) {
            judge(call, by, readyNanos, Held.NOTHING);
            return;
        }
        new Holders(house.held()).of(call, by).onComplete(found -> {
            if (over) {
                // the client has left meanwhile
                return;
            }
            if (found.succeeded()) {
                judge(call, by, readyNanos, found.result());
            } else {
                refuse(CallRecord.failure(found.cause(), id), false);
            }
        });
    }

    private void judge(Call call, Caller by, long readyNanos, Held held) {
        Ruling ruling;
        CallRecord record = new CallRecord(house, call, by, readyNanos, this::ended);
        try {
            ruling = house.judgement().judge(call, by, held);
        } catch (LimitReached limit) {
            over = true;
            ClientError error = ClientError.of(limit);
            client.limits(limit.standing());
            client.error(error);
            record.refused(Interaction.Outcome.DENIED, client.status(), error.code());
            return;
        } catch (RuntimeException e) {
            over = true;
            ClientError error = ClientError.of(CallRecord.failure(e, id));
            client.error(error);
            record.refused(Interaction.Outcome.FAILED, client.status(), error.code());
            return;
        }
        client.admitted(ruling.admission());
        exchange = new Exchange(house, loop, call, by, ruling, request.headers(), client, record);
        exchange.run();
    }

    /** The body's chunks are no chunks, or the client has left. */
    private void broken(Throwable cause) {
        if (over || exchange != null || cause instanceof HttpClosedException || cause instanceof IOException) {
            gone();
        } else {
            refuse(new ApiFailure(ApiError.INVALID_VALUE, "The body's chunks are not valid HTTP."), true);
        }
    }

    @Override
    public void breakOff() {
        if (exchange != null) {
            exchange.stopped();
        } else if (!over) {
            refuse(Reception.STOPPING, true);
        }
    }

    /** The client has left. */
    private void gone() {
        if (over) {
            return;
        }
        if (exchange != null) {
            exchange.gone();
            return;
        }
        stop();
        record(Interaction.Outcome.CLIENT_GONE, CallRecord.CLIENT_CLOSED, null);
    }

    /**
     * Sends an error and records it.
     *
     * @param close whether bytes of the request may still be on their way, which nobody will read
     */
    private void refuse(ApiFailure failure, boolean close) {
        stop();
        ClientError error = ClientError.of(failure);
        boolean unread = close && !request.isEnded();
        if (unread) {
            House.announceClose(request);
        }
        client.error(error);
        record(Interaction.Outcome.FAILED, error.status(), error.code());
        if (unread) {
            house.closeSoon(request);
        }
    }

    private void record(Interaction.Outcome outcome, int status, @Nullable String error) {
        Caller by = caller == null ? CallRecord.nobody() : caller;
        Call outline = CallRecord.outline(api, id, receivedAt, receivedNanos);
        new CallRecord(house, outline, by, receivedNanos, this::ended).refused(outcome, status, error);
    }

    private void stop() {
        over = true;
        if (arrival != null) {
            arrival.stop();
        }
    }

    /** The call is over and recorded. */
    private void ended() {
        if (arrival != null) {
            arrival.release();
        }
        underWay.over(this);
    }
}
