package dev.understudy.admin;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ErrorBody;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.jspecify.annotations.Nullable;

/** Why the people's door does not answer, on its way out. */
record Refusal(ApiFailure failure) {
    static final Refusal UNAUTHENTICATED = of(
            ApiError.INVALID_API_KEY,
            "The people's door needs the admin token as 'Authorization: Bearer <token>'; ./understudy link prints a link that has it.");
    static final Refusal FORBIDDEN = new Refusal(
            ApiFailure.denied(403, "insufficient_role", "The role of this token does not allow that request.", null));
    static final Refusal ODD_PATH =
            of(ApiError.INVALID_VALUE, "The path holds a character or an encoding that no address here has.");
    static final Refusal UNKNOWN_URL = of(ApiError.UNKNOWN_URL, "There is nothing at this address.");
    static final Refusal METHOD = of(ApiError.METHOD_NOT_ALLOWED, "This address does not take that method.");
    static final Refusal MEDIA_TYPE =
            of(ApiError.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json and accept the like.");
    static final Refusal TOO_LARGE = of(ApiError.REQUEST_TOO_LARGE, "The body is larger than this address takes.");
    static final Refusal HEADERS_TOO_LARGE =
            of(ApiError.HEADERS_TOO_LARGE, "The headers are larger than this address takes.");
    static final Refusal UNREADABLE =
            of(ApiError.INVALID_JSON, "The body is not the JSON document that this address takes.");
    static final Refusal INTERNAL =
            of(ApiError.INTERNAL_ERROR, "The gateway failed on this request; its log has the cause.");

    /** There is no such thing. */
    static Refusal notFound(String message) {
        return new Refusal(new ApiFailure(ApiError.NOT_FOUND, message, "id"));
    }

    /** A field out of its range. */
    static Refusal invalidValue(String message, @Nullable String field) {
        return new Refusal(new ApiFailure(ApiError.INVALID_VALUE, message, field));
    }

    private static Refusal of(ApiError error, String message) {
        return new Refusal(new ApiFailure(error, message));
    }

    /** Answers a request that no resource has seen; does nothing when an answer has begun. */
    void answer(RoutingContext context) {
        if (context.response().ended() || context.response().headWritten()) {
            return;
        }
        context.response()
                .setStatusCode(failure.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_JSON)
                .end(ErrorBody.json(failure));
    }

    /** The answer of a resource. */
    Response response() {
        return Response.status(failure.status())
                .type(MediaType.APPLICATION_JSON_TYPE)
                .entity(ErrorBody.json(failure).toString())
                .build();
    }
}
