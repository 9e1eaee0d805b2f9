package dev.understudy.serve;

import dev.understudy.access.LimitReached;
import dev.understudy.call.Decision;
import dev.understudy.call.Tier;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ErrorBody;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error as the client shall see it: of our own making, or an upstream's passed on.
 *
 * @param status before the head
 * @param code for the row of the call
 * @param body JSON, before the head
 * @param headers besides content type and length
 * @param failure the same as an event, for a stream whose head is out
 */
record ClientError(int status, String code, Buffer body, Map<String, String> headers, ApiFailure failure) {
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int LONGEST_WAIT = 60;
    private static final int WAIT_SECONDS = 2;

    ClientError {
        headers = Map.copyOf(headers);
    }

    /** One of ours. */
    static ClientError of(ApiFailure failure) {
        return of(failure, 0);
    }

    /**
     * One of ours.
     *
     * @param waitSeconds when another try may fare better; 0 when nobody can say
     */
    static ClientError of(ApiFailure failure, int waitSeconds) {
        int wait = waitSeconds == 0 ? WAIT_SECONDS : Math.min(waitSeconds, LONGEST_WAIT);
        Map<String, String> headers = switch (failure.error().retry()) {
            case UNSAID -> Map.of();
            case LATER -> Map.of("retry-after", Integer.toString(wait));
            case NEVER -> Map.of("x-should-retry", "false");
        };
        return new ClientError(failure.status(), failure.code(), ErrorBody.json(failure), headers, failure);
    }

    /** A limit or budget of the caller's that was met. */
    static ClientError of(LimitReached limit) {
        ApiError error = switch (limit.kind()) {
            case REQUESTS, CONCURRENT -> ApiError.REQUESTS_PER_MINUTE;
            case TOKENS -> ApiError.TOKENS_PER_MINUTE;
            case BUDGET -> ApiError.INSUFFICIENT_QUOTA;
        };
        return of(new ApiFailure(error, String.valueOf(limit.getMessage())), limit.waitSeconds());
    }

    /** For a stream whose head is out: the upstream's own words where it said any, else ours. */
    Buffer event() {
        boolean oneLine = body.length() > 0 && !body.toString().contains("\n");
        return status == failure.status() && oneLine
                ? Buffer.buffer("event: error\ndata: ").appendBuffer(body).appendString("\n\n")
                : ErrorBody.event(failure);
    }

    /**
     * A decision's refusal: a row of the table where its status and code are one, else the rule's own.
     *
     * @param waitSeconds when another try may fare better; 0 when nobody can say
     */
    static ClientError of(Decision.Denial denial, int waitSeconds) {
        for (ApiError error : ApiError.values()) {
            if (error.status() == denial.status() && error.code().equals(denial.code())) {
                return of(new ApiFailure(error, denial.message(), denial.param()), waitSeconds);
            }
        }
        return of(ApiFailure.denied(denial.status(), denial.code(), denial.message(), denial.param()));
    }

    /** What the failure of the last model means to the client. */
    static ClientError of(ModelFailure failure, ModelCard card) {
        Integer status = failure.status();
        Buffer body = failure.body();
        if (failure.code() == ModelFailure.Code.UPSTREAM_ERROR && status != null && body != null) {
            return (status == UNAUTHORIZED || status == FORBIDDEN) && isOurKey(card)
                    ? of(new ApiFailure(
                            ApiError.UPSTREAM_CREDENTIALS_REFUSED,
                            "The upstream of model `" + card.name() + "` refused this gateway's own API key."))
                    : passed(failure, status, body);
        }
        ApiFailure own = own(failure, card);
        ClientError said = of(own, failure.waitSeconds());
        return body == null ? said : new ClientError(own.status(), own.code(), body, said.headers(), own);
    }

    private static ClientError passed(ModelFailure failure, int status, Buffer body) {
        Map<String, String> headers = new HashMap<>(failure.headers());
        int wait = failure.waitSeconds();
        if (wait > 0) {
            headers.put("retry-after", Integer.toString(Math.min(wait, LONGEST_WAIT)));
        }
        if (wait > LONGEST_WAIT) {
            headers.put("x-should-retry", "false");
        }
        ApiFailure event = new ApiFailure(ApiError.UPSTREAM_UNAVAILABLE, failure.message());
        return new ClientError(status, failure.code().wire(), body, headers, event);
    }

    private static ApiFailure own(ModelFailure failure, ModelCard card) {
        String said = failure.message();
        return switch (failure.code()) {
            case UPSTREAM_ERROR, UPSTREAM_UNAVAILABLE -> new ApiFailure(ApiError.UPSTREAM_UNAVAILABLE, said);
            case UPSTREAM_TIMEOUT, DEADLINE -> new ApiFailure(ApiError.UPSTREAM_TIMEOUT, said);
            case UPSTREAM_MALFORMED -> new ApiFailure(ApiError.UPSTREAM_MALFORMED_RESPONSE, said);
            case UPSTREAM_EVENT_TOO_LARGE -> new ApiFailure(ApiError.UPSTREAM_EVENT_TOO_LARGE, said);
            case UPSTREAM_TRUNCATED -> new ApiFailure(ApiError.UPSTREAM_STREAM_TRUNCATED, said);
            case UPSTREAM_FAILING, UPSTREAM_BUSY, OVERLOADED -> new ApiFailure(ApiError.SERVER_IS_OVERLOADED, said);
            case UNAVAILABLE -> new ApiFailure(ApiError.NO_ELIGIBLE_MODEL, said);
            case INVALID -> new ApiFailure(ApiError.INVALID_VALUE, said, failure.param());
            case UNSUPPORTED -> new ApiFailure(ApiError.UNSUPPORTED_PARAMETER, said, failure.param());
            case CONTEXT_LENGTH -> new ApiFailure(ApiError.CONTEXT_LENGTH_EXCEEDED, said, "messages");
            case UNPARSED -> rejected(card);
            case INTERNAL -> new ApiFailure(ApiError.INTERNAL_ERROR, Intake.INTERNAL);
        };
    }

    /**
     * The same, where contents are restricted and must not leave this installation: a fault of the small model is told as
     * one code, whatever it was. What is the caller's own doing, and what passes with time, stays what it is.
     */
    static ClientError restricted(ClientError error) {
        boolean fault = error.failure.error().status() >= 500 && error.failure.error() != ApiError.SERVER_IS_OVERLOADED;
        return fault
                ? of(
                        new ApiFailure(
                                ApiError.RESTRICTED_LOCAL_FAILED,
                                "The call's contents must not leave this installation, and the model here could not answer it."))
                : error;
    }

    /** A small model's answer did not pass and nobody was left. */
    static ApiFailure rejected(ModelCard card) {
        return new ApiFailure(
                ApiError.ANSWER_REJECTED,
                "The answer of model `" + card.name() + "` did not pass the checks and no other model may answer.");
    }

    /**
     * Whether the next target may be asked after this failure. After a small model's always; after a large one's where
     * another upstream may fare better.
     *
     * @param larger whether the next target has room for more tokens
     */
    static boolean mayTryNext(ModelFailure failure, ModelCard failed, boolean larger) {
        if (failed.tier() == Tier.SLM) {
            return true;
        }
        return switch (failure.code()) {
            case UPSTREAM_ERROR -> isPassing(failure.status(), failure, larger);
            case UPSTREAM_UNAVAILABLE,
                    UPSTREAM_TIMEOUT,
                    UPSTREAM_MALFORMED,
                    UPSTREAM_TRUNCATED,
                    UPSTREAM_EVENT_TOO_LARGE,
                    UPSTREAM_FAILING,
                    UPSTREAM_BUSY,
                    UNAVAILABLE,
                    OVERLOADED,
                    DEADLINE,
                    INTERNAL -> true;
            case CONTEXT_LENGTH -> larger;
            case INVALID, UNSUPPORTED, UNPARSED -> false;
        };
    }

    private static boolean isPassing(@Nullable Integer status, ModelFailure failure, boolean larger) {
        if (status == null || status >= 500) {
            return true;
        }
        return switch (status) {
            case 408, 409, 429 -> true;
            case 400 ->
                larger && failure.body() != null && failure.body().toString().contains("context_length_exceeded");
            default -> false;
        };
    }

    private static boolean isOurKey(ModelCard card) {
        return card.place() instanceof ModelCard.Place.Upstream upstream
                && upstream.credential() instanceof ModelCard.Credential.Ours;
    }
}
