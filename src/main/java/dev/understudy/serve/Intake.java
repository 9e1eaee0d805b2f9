package dev.understudy.serve;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Interaction;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to being a call. The order of its checks is that of the surface: declared size, credential,
 * type, encoding, body, JSON; then the rooms below judge it. Confined to one event loop.
 */
final class Intake {
    /** The text of every fault of our own. */
    static final String INTERNAL = "Something went wrong in the gateway. The log of the gateway knows the call's id.";

    private static final int BODY_BYTES = 64 << 20;
    private static final long IDLE_MILLIS = 15_000;
    private static final long BODY_MILLIS = 120_000;

    private final House house;
    private final Context loop;
    private final HttpServerRequest request;
    private final UUID id;
    private final Instant receivedAt;
    private final long receivedNanos;
    private final ClientAnswer client;
    private final Runnable whenOver;
    private final Map<String, String> headers;
    private @Nullable Caller caller;
    private @Nullable Exchange exchange;
    private @Nullable BodyBytes body;
    private long timer = -1;
    private long lastByteNanos;
    private boolean over;

    /**
     * @param whenOver told once, when the call is over
     */
    Intake(House house, Context loop, HttpServerRequest request, UUID id, Instant receivedAt, Runnable whenOver) {
        this.house = house;
        this.loop = loop;
        this.request = request;
        this.id = id;
        this.receivedAt = receivedAt;
        this.receivedNanos = System.nanoTime();
        this.client = new ClientAnswer(request.response(), id);
        this.whenOver = whenOver;
        this.headers = RequestHeaders.kept(request.headers());
    }

    /** Begins; called once, when the head is there. */
    void start() {
        // First of all: a client that leaves before this is set would never be missed.
        request.response().exceptionHandler(cause -> gone());
        request.exceptionHandler(cause -> gone());
        long declared = RequestHeaders.declaredLength(request.headers());
        if (declared > BODY_BYTES) {
            refuse(tooLarge(), true);
            return;
        }
        Future<Caller> found = house.judgement()
                .caller(
                        request.getHeader(HttpHeaders.AUTHORIZATION),
                        RequestHeaders.apiKey(request.headers()),
                        RequestHeaders.isLoopback(request),
                        headers);
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
            refuse(found.cause() instanceof ApiFailure failure ? failure : fault(found.cause()), true);
            return;
        }
        caller = found.result();
        ApiFailure unfit = RequestHeaders.problem(request);
        if (unfit != null) {
            refuse(unfit, true);
            return;
        }
        if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
            request.response().writeContinue();
        }
        receive(new BodyBytes(declared, BODY_BYTES));
    }

    private void receive(BodyBytes bytes) {
        body = bytes;
        lastByteNanos = System.nanoTime();
        timer = house.vertx().setTimer(IDLE_MILLIS, fired -> checkPace());
        request.handler(chunk -> {
            lastByteNanos = System.nanoTime();
            if (!over && !bytes.add(chunk)) {
                refuse(tooLarge(), true);
            }
        });
        request.endHandler(end -> {
            if (!over) {
                stopTimer();
                judge(bytes.take());
            }
        });
    }

    private void checkPace() {
        timer = -1;
        if (over) {
            return;
        }
        long now = System.nanoTime();
        long silent = (now - lastByteNanos) / 1_000_000;
        long total = (now - receivedNanos) / 1_000_000;
        if (silent >= IDLE_MILLIS || total >= BODY_MILLIS) {
            refuse(new ApiFailure(ApiError.REQUEST_TIMEOUT, "The body did not arrive in time."), true);
        } else {
            timer = house.vertx()
                    .setTimer(Math.max(1, Math.min(IDLE_MILLIS - silent, BODY_MILLIS - total)), fired -> checkPace());
        }
    }

    private void judge(byte[] bytes) {
        Caller by = caller;
        if (by == null) {
            throw new IllegalStateException("a body is read only once its caller is known");
        }
        long readyNanos = System.nanoTime();
        Call call;
        try {
            call = CallReader.read(id, receivedAt, receivedNanos, bytes, headers);
        } catch (ApiFailure failure) {
            refuse(failure, false);
            return;
        } catch (RuntimeException e) {
            refuse(fault(e), false);
            return;
        }
        Ruling ruling;
        CallRecord record = new CallRecord(house, call, by, readyNanos, whenOver);
        try {
            ruling = house.judgement().judge(call, by);
        } catch (RuntimeException e) {
            over = true;
            ClientError error = ClientError.of(fault(e));
            client.error(error);
            record.refused(Interaction.Outcome.FAILED, client.status(), error.code());
            return;
        }
        exchange = new Exchange(house, loop, call, by, ruling, request.headers(), client, record);
        exchange.run();
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
        over = true;
        stopTimer();
        record(Interaction.Outcome.CLIENT_GONE, CallRecord.CLIENT_CLOSED, null);
    }

    /**
     * Sends an error and records it.
     *
     * @param close whether bytes of the request may still be on their way, which nobody will read
     */
    private void refuse(ApiFailure failure, boolean close) {
        over = true;
        stopTimer();
        ClientError error = ClientError.of(failure);
        boolean unread = close && !request.isEnded();
        if (unread) {
            request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        client.error(error);
        record(Interaction.Outcome.FAILED, error.status(), error.code());
        if (unread) {
            request.resume();
            house.closeSoon(request);
        }
    }

    private void record(Interaction.Outcome outcome, int status, @Nullable String error) {
        Caller by = caller == null ? CallRecord.nobody() : caller;
        Call outline = CallRecord.outline(Api.CHAT, id, receivedAt, receivedNanos);
        new CallRecord(house, outline, by, receivedNanos, whenOver).refused(outcome, status, error);
    }

    private void stopTimer() {
        if (timer >= 0) {
            house.vertx().cancelTimer(timer);
            timer = -1;
        }
    }

    private ApiFailure fault(Throwable cause) {
        CallRecord.logFault(cause, id);
        return new ApiFailure(ApiError.INTERNAL_ERROR, INTERNAL);
    }

    private static ApiFailure tooLarge() {
        return new ApiFailure(
                ApiError.REQUEST_TOO_LARGE,
                String.format(Locale.ROOT, "The body is larger than %d MiB.", BODY_BYTES >> 20));
    }
}
