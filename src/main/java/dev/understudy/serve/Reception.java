package dev.understudy.serve;

import dev.understudy.call.Api;
import dev.understudy.call.Caller;
import dev.understudy.call.Uuid7;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ErrorBody;
import io.netty.handler.codec.TooLongFrameException;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Sorts requests by their raw path; one for each event loop. */
final class Reception {
    /** What a call is told that comes, or is still under way, when the gateway stops. */
    @SuppressWarnings("StaticAssignmentOfThrowable") // it carries no stack trace
    static final ApiFailure STOPPING =
            new ApiFailure(ApiError.SERVER_IS_OVERLOADED, "The gateway is being stopped. Please try again.");

    private final House house;
    private final Context loop;
    private final RandomGenerator random;
    private final ModelList models;
    private final UnderWay underWay;
    private final Draining draining;

    /**
     * @param random of this loop alone
     * @param underWay calls of this loop that are not over
     */
    Reception(
            House house, Context loop, RandomGenerator random, ModelList models, UnderWay underWay, Draining draining) {
        this.house = house;
        this.loop = loop;
        this.random = random;
        this.models = models;
        this.underWay = underWay;
        this.draining = draining;
    }

    /** A client has connected. */
    void connected(HttpConnection connection) {
        // Without one the library logs what was wrong with a client's bytes, in the client's own words.
        connection.exceptionHandler(cause -> {});
        new ConnectionWatch(house.bodies().limits().head(), this::headTooSlow).begin(connection);
    }

    private byte[] headTooSlow() {
        ApiFailure failure = new ApiFailure(ApiError.REQUEST_TIMEOUT, "The request's head did not arrive in time.");
        Buffer body = ErrorBody.json(failure);
        UUID id = Uuid7.of(house.clock().instant(), random);
        return Buffer.buffer("HTTP/1.1 408 Request Timeout\r\nx-request-id: " + ClientAnswer.requestId(id.toString())
                        + "\r\nx-understudy-call: " + id + "\r\ncontent-type: application/json\r\nconnection: close"
                        + "\r\ncontent-length: " + body.length() + "\r\n\r\n")
                .appendBuffer(body)
                .getBytes();
    }

    void take(HttpServerRequest request) {
        if (draining.isOn()) {
            refuse(request, STOPPING);
            return;
        }
        switch (RequestPath.of(request.path())) {
            case RequestPath.Chat chat -> {
                if (isAllowed(request, HttpMethod.POST)) {
                    call(request, Api.CHAT);
                }
            }
            case RequestPath.Responses responses -> {
                if (isWebSocket(request)) {
                    refuse(request, noWebSocket());
                } else if (isAllowed(request, HttpMethod.POST)) {
                    call(request, Api.RESPONSES);
                }
            }
            case RequestPath.Realtime realtime -> refuse(request, isWebSocket(request) ? noWebSocket() : unknown());
            case RequestPath.Models all -> {
                if (isAllowed(request, HttpMethod.GET)) {
                    withCaller(request, caller -> list(request, caller));
                }
            }
            case RequestPath.OneModel one -> {
                if (isAllowed(request, HttpMethod.GET)) {
                    withCaller(request, caller -> one(request, caller, one.id()));
                }
            }
            case RequestPath.Passed passed -> pass(request, passed);
            case RequestPath.Misplaced misplaced ->
                refuse(
                        request,
                        new ApiFailure(
                                ApiError.UNKNOWN_URL,
                                "Unknown request URL. The base URL of this gateway ends in /v1: set it to "
                                        + (request.isSSL() ? "https://" : "http://")
                                        + authority(request)
                                        + misplaced.base()));
            case RequestPath.Unknown unknown -> refuse(request, unknown());
        }
    }

    private static ApiFailure unknown() {
        return new ApiFailure(
                ApiError.UNKNOWN_URL,
                "Unknown request URL. This gateway has POST /v1/chat/completions, POST /v1/responses, GET /v1/models"
                        + " and those of OpenAI's other URLs that its documentation lists.");
    }

    private static ApiFailure noWebSocket() {
        return new ApiFailure(
                ApiError.WEBSOCKET_NOT_SUPPORTED,
                "This gateway has no WebSockets: send POST requests, and 'stream': true for events.");
    }

    private static boolean isWebSocket(HttpServerRequest request) {
        return request.method().equals(HttpMethod.GET)
                && "websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE));
    }

    /** Answers what is no HTTP that this door understands, and closes. */
    void takeInvalid(HttpServerRequest request) {
        boolean tooLong = request.decoderResult().cause() instanceof TooLongFrameException;
        ApiFailure failure = tooLong
                ? new ApiFailure(ApiError.HEADERS_TOO_LARGE, "The request line or the headers are too long.")
                : new ApiFailure(ApiError.INVALID_VALUE, "The request is not valid HTTP.");
        House.announceClose(request);
        answer(request).error(ClientError.of(failure));
    }

    private void pass(HttpServerRequest request, RequestPath.Passed path) {
        List<String> methods = new ArrayList<>();
        for (Endpoint endpoint : path.endpoints()) {
            if (endpoint.method().equals(request.method())) {
                pass(request, path, endpoint);
                return;
            }
            methods.add(endpoint.method().name());
        }
        notAllowed(request, String.join(", ", methods));
    }

    private void pass(HttpServerRequest request, RequestPath.Passed path, Endpoint endpoint) {
        Instant receivedAt = house.clock().instant();
        PassThrough through = new PassThrough(
                house, loop, request, path, endpoint, Uuid7.of(receivedAt, random), receivedAt, underWay);
        underWay.begun(through);
        through.start();
    }

    private void call(HttpServerRequest request, Api api) {
        Instant receivedAt = house.clock().instant();
        Intake intake = new Intake(house, loop, api, request, Uuid7.of(receivedAt, random), receivedAt, underWay);
        underWay.begun(intake);
        intake.start();
    }

    private boolean isAllowed(HttpServerRequest request, HttpMethod method) {
        if (request.method().equals(method)) {
            return true;
        }
        notAllowed(request, method.name());
        return false;
    }

    private void notAllowed(HttpServerRequest request, String methods) {
        request.response().putHeader(HttpHeaders.ALLOW, methods);
        refuse(request, new ApiFailure(ApiError.METHOD_NOT_ALLOWED, "This URL takes " + methods + " requests only."));
    }

    private void withCaller(HttpServerRequest request, Consumer<Caller> then) {
        RequestHeaders headers = RequestHeaders.of(request);
        ApiFailure unfit = headers.unfit();
        unfit = unfit == null ? headers.destination() : unfit;
        if (unfit != null) {
            refuse(request, unfit);
            return;
        }
        ClientAnswer client = answer(request);
        house.judgement()
                .caller(headers.authorization(), headers.apiKey(), headers.isLoopback(), headers.kept())
                .onComplete(found -> {
                    if (found.succeeded()) {
                        then.accept(found.result());
                    } else {
                        client.error(ClientError.of(
                                found.cause() instanceof ApiFailure failure
                                        ? failure
                                        : new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL)));
                    }
                });
    }

    private void list(HttpServerRequest request, Caller caller) {
        withNames(request, caller, names -> answer(request).document(200, models.list(names)));
    }

    private void one(HttpServerRequest request, Caller caller, String id) {
        withNames(request, caller, names -> {
            Buffer model = models.one(names, id);
            if (model != null) {
                answer(request).document(200, model);
                return;
            }
            refuse(
                    request,
                    new ApiFailure(
                            ApiError.MODEL_NOT_FOUND,
                            "The model `" + ApiFailure.echo(id) + "` does not exist or you do not have access to it.",
                            "model"));
        });
    }

    private void withNames(HttpServerRequest request, Caller caller, Consumer<ModelNames> then) {
        house.judgement().modelsFor(caller).onComplete(found -> {
            if (request.response().closed()) {
                return;
            }
            if (found.succeeded()) {
                then.accept(found.result());
            } else {
                refuse(request, new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL));
            }
        });
    }

    private void refuse(HttpServerRequest request, ApiFailure failure) {
        if (!request.isEnded() && RequestHeaders.of(request).hasBody()) {
            // Its body will not be read, so nothing can follow it on this connection.
            House.announceClose(request);
            house.closeSoon(request);
        } else if (draining.isOn()) {
            house.closeAfter(request);
        }
        answer(request).error(ClientError.of(failure));
    }

    private ClientAnswer answer(HttpServerRequest request) {
        return new ClientAnswer(request.response(), Uuid7.of(house.clock().instant(), random));
    }

    private static String authority(HttpServerRequest request) {
        HostAndPort host = request.authority();
        return host == null ? "<host>:<port>" : ApiFailure.echo(host.toString());
    }

    /** Whether the gateway is being stopped. */
    interface Draining {
        boolean isOn();
    }
}
