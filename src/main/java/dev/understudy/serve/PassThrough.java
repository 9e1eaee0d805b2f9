package dev.understudy.serve;

import dev.understudy.access.LimitReached;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Interaction;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.BodyCoding;
import dev.understudy.openai.PassBody;
import dev.understudy.policy.Held;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One request for a path that is passed through, until it is known who answers. A JSON body is read, strictly but for a
 * few members only; a multipart body is not, and waits unread. Confined to one event loop.
 */
final class PassThrough implements Arrival.Receiver, UnderWay.Ending {
    /** What is longer is read by a worker: it would keep the loop from its other calls for milliseconds. */
    private static final int LOOP_BYTES = 1 << 20;

    private static final byte[] NO_BODY = {};
    private static final String ANY_MODEL = "*";

    private final House house;
    private final Context loop;
    private final HttpServerRequest request;
    private final RequestPath.Passed path;
    private final Endpoint endpoint;
    private final UUID id;
    private final Instant receivedAt;
    private final long receivedNanos;
    private final ClientAnswer client;
    private final UnderWay underWay;
    private final RequestHeaders headers;
    private @Nullable Caller caller;
    private @Nullable Arrival arrival;
    private @Nullable PassedCall passed;
    private boolean over;

    /**
     * @param endpoint of that path, for the request's method
     * @param underWay told once, when the request is over
     */
    PassThrough(
            House house,
            Context loop,
            HttpServerRequest request,
            RequestPath.Passed path,
            Endpoint endpoint,
            UUID id,
            Instant receivedAt,
            UnderWay underWay) {
        this.house = house;
        this.loop = loop;
        this.request = request;
        this.path = path;
        this.endpoint = endpoint;
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
        request.response().exceptionHandler(cause -> gone());
        request.exceptionHandler(this::broken);
        ApiFailure unfit = tooLarge();
        unfit = unfit == null ? headers.unfit() : unfit;
        if (unfit != null) {
            refuse(unfit);
            return;
        }
        Future<Caller> found = house.judgement()
                .caller(headers.authorization(), headers.apiKey(), headers.isLoopback(), headers.kept());
        if (!found.isComplete()) {
            request.pause();
            found.onComplete(answer -> {
                if (!over) {
                    known(answer);
                }
            });
        } else {
            known(found);
        }
    }

    private @Nullable ApiFailure tooLarge() {
        long declared = headers.declaredLength();
        if (isUnread()) {
            return declared > Upload.MOST_BYTES ? Upload.tooLarge() : null;
        }
        int most = house.bodies().limits().bytes();
        return declared > most ? BodyBytes.tooLarge(most) : null;
    }

    /** Whether the body is of a kind that is passed on unread. */
    private boolean isUnread() {
        return endpoint.has(Endpoint.Trait.MULTIPART) && headers.isMultipart();
    }

    private boolean hasBody() {
        return RequestHeaders.hasBody(request);
    }

    private void known(AsyncResult<Caller> found) {
        if (found.failed()) {
            refuse(CallRecord.failure(found.cause(), id));
            return;
        }
        caller = found.result();
        ApiFailure unfit = headers.destination();
        BodyCoding coding = headers.coding();
        if (unfit == null && isUnread() && coding != BodyCoding.NONE) {
            unfit = new ApiFailure(
                    ApiError.UNSUPPORTED_MEDIA_TYPE, "A multipart body must not be compressed as a whole.");
        } else if (unfit == null && !isUnread() && hasBody()) {
            unfit = headers.noJson();
        }
        if (unfit != null) {
            refuse(unfit);
        } else if (isUnread() && hasBody()) {
            request.pause();
            judge(NO_BODY, PassBody.NONE);
        } else if (hasBody() && coding != null) {
            if (headers.expectsContinue()) {
                request.response().writeContinue();
            }
            arrival = new Arrival(house, loop, request, headers.declaredLength(), coding, receivedNanos, this);
            arrival.begin();
            request.resume();
        } else {
            request.resume();
            judge(NO_BODY, PassBody.NONE);
        }
    }

    @Override
    public void arrived(byte[] body) {
        if (body.length <= LOOP_BYTES) {
            PassBody read;
            try {
                read = PassBody.read(body);
            } catch (ApiFailure | RuntimeException e) {
                refuse(CallRecord.failure(e, id));
                return;
            }
            judge(body, read);
            return;
        }
        loop.executeBlocking(() -> PassBody.read(body), false).onComplete(read -> {
            if (over) {
                // the client has left meanwhile
                return;
            }
            if (read.succeeded()) {
                judge(body, read.result());
            } else {
                refuse(CallRecord.failure(read.cause(), id));
            }
        });
    }

    @Override
    public void refused(Throwable cause) {
        refuse(CallRecord.failure(cause, id));
    }

    private void judge(byte[] body, PassBody read) {
        Caller by = caller;
        if (by == null) {
            throw new IllegalStateException("a request is judged only once its caller is known");
        }
        if (asksUnseen(read) && !by.models().contains(ANY_MODEL)) {
            refuse(new ApiFailure(
                    ApiError.MODEL_NOT_FOUND,
                    "This request does not show which model it asks for, so only apps that may ask for every model may"
                            + " send it. Name the `model` in a JSON body where this URL takes one.",
                    "model"));
            return;
        }
        long readyNanos = System.nanoTime();
        Call call = CallRecord.outline(Api.OTHER, id, receivedAt, receivedNanos)
                .passedOn(body, read.model(), read.modelSpan(), headers.kept());
        List<PassBody.Named> named = named(read);
        if (named.isEmpty()) {
            judge(call, by, readyNanos, Held.NOTHING);
            return;
        }
        new Holders(house.held()).of(named, by).onComplete(found -> {
            if (over) {
                // the client has left meanwhile
                return;
            }
            if (found.succeeded()) {
                judge(call, by, readyNanos, found.result());
            } else {
                refuse(CallRecord.failure(found.cause(), id));
            }
        });
    }

    private void judge(Call call, Caller by, long readyNanos, Held held) {
        CallRecord record = new CallRecord(house, call, by, readyNanos, this::ended);
        Ruling ruling;
        try {
            ruling = house.judgement().judge(call, by, held);
        } catch (LimitReached limit) {
            client.limits(limit.standing());
            end(ClientError.of(limit), record, Interaction.Outcome.DENIED);
            return;
        } catch (RuntimeException e) {
            end(ClientError.of(CallRecord.failure(e, id)), record, Interaction.Outcome.FAILED);
            return;
        }
        client.admitted(ruling.admission());
        PassedCall judged =
                new PassedCall(house, loop, request, endpoint, path.ids(), call, by, ruling, client, record);
        passed = judged;
        if (ruling.decision().deny() != null) {
            judged.deny();
            return;
        }
        try {
            Answerer answerer = Answerer.of(ruling, by);
            if (endpoint.has(Endpoint.Trait.LISTS) && answerer.key() == null) {
                new OwnPages(judged, answerer).run();
            } else {
                new Passing(judged, answerer, isUnread() && hasBody()).run();
            }
        } catch (ApiFailure | RuntimeException e) {
            judged.fail(ClientError.of(CallRecord.failure(e, id)));
        }
    }

    /** Whether a model is asked that the body does not show. */
    private boolean asksUnseen(PassBody read) {
        return endpoint.has(Endpoint.Trait.HIDDEN_MODEL)
                || (endpoint.has(Endpoint.Trait.MODEL) && read.model() == null);
    }

    /** The ids of the request that must have an owner. Those after a path's first lie within what that one names. */
    private List<PassBody.Named> named(PassBody read) {
        List<PassBody.Named> named = new ArrayList<>(read.ids());
        if (!path.ids().isEmpty()) {
            named.addFirst(new PassBody.Named("URL", path.ids().getFirst()));
            if (endpoint.has(Endpoint.Trait.RESPONSES) && request.getParam(Holders.RESUMED) != null) {
                named.add(new PassBody.Named(Holders.RESUMED, path.ids().getFirst()));
            }
        }
        String after = endpoint.has(Endpoint.Trait.LISTS) ? request.getParam("after") : null;
        if (after != null) {
            named.add(new PassBody.Named("after", after));
        }
        return named;
    }

    /** The body's chunks are no chunks, or the client has left. */
    private void broken(Throwable cause) {
        if (over || cause instanceof HttpClosedException || cause instanceof IOException) {
            gone();
        } else {
            ApiFailure failure = new ApiFailure(ApiError.INVALID_VALUE, "The body's chunks are not valid HTTP.");
            if (passed == null) {
                refuse(failure);
            } else {
                passed.fail(ClientError.of(failure));
            }
        }
    }

    @Override
    public void breakOff() {
        if (passed != null) {
            passed.fail(ClientError.of(Reception.STOPPING));
        } else if (!over) {
            refuse(Reception.STOPPING);
        }
    }

    /** The client has left. */
    private void gone() {
        if (over) {
            return;
        }
        if (passed != null) {
            passed.gone();
            return;
        }
        stop();
        outline().refused(Interaction.Outcome.CLIENT_GONE, CallRecord.CLIENT_CLOSED, null);
    }

    private void refuse(ApiFailure failure) {
        end(ClientError.of(failure), outline(), Interaction.Outcome.FAILED);
    }

    private void end(ClientError error, CallRecord record, Interaction.Outcome outcome) {
        stop();
        client.errorBeforeBody(error, request, house);
        record.refused(outcome, error.status(), error.code());
    }

    private CallRecord outline() {
        Caller by = caller == null ? CallRecord.nobody() : caller;
        Call outline = CallRecord.outline(Api.OTHER, id, receivedAt, receivedNanos);
        return new CallRecord(house, outline, by, receivedNanos, this::ended);
    }

    private void stop() {
        over = true;
        if (arrival != null) {
            arrival.stop();
        }
    }

    /** The request is over and recorded. */
    private void ended() {
        over = true;
        if (arrival != null) {
            arrival.release();
        }
        underWay.over(this);
    }
}
