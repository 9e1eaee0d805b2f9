package dev.understudy.openai;

/** Everything that a caller can be told went wrong. A code is API: clients compare it, and some read words out of it. */
public enum ApiError {
    INVALID_JSON(400, "invalid_json"),
    DUPLICATE_KEY(400, "duplicate_key"),
    JSON_LIMIT_EXCEEDED(400, "json_limit_exceeded"),
    MISSING_REQUIRED_PARAMETER(400, "missing_required_parameter"),
    INVALID_TYPE(400, "invalid_type"),
    EMPTY_ARRAY(400, "empty_array"),
    INTEGER_BELOW_MIN_VALUE(400, "integer_below_min_value"),
    DECIMAL_BELOW_MIN_VALUE(400, "decimal_below_min_value"),
    INVALID_VALUE(400, "invalid_value"),
    UNSUPPORTED_PARAMETER(400, "unsupported_parameter"),
    UNSUPPORTED_VALUE(400, "unsupported_value"),
    CONTEXT_LENGTH_EXCEEDED(400, "context_length_exceeded"),
    PREVIOUS_RESPONSE_NOT_FOUND(400, "previous_response_not_found"),
    INVALID_API_KEY(401, "invalid_api_key"),
    POLICY_DENIED(403, "policy_denied"),
    POLICY_GUARD(403, "policy_guard"),
    /** The last target was lost to a switch, header, guard or label. */
    NO_ELIGIBLE_MODEL_ALLOWED(403, "no_eligible_model"),
    MODEL_NOT_FOUND(404, "model_not_found"),
    UNKNOWN_URL(404, "unknown_url"),
    NOT_FOUND(404, "not_found"),
    METHOD_NOT_ALLOWED(405, "method_not_allowed"),
    REQUEST_TIMEOUT(408, "request_timeout"),
    REQUEST_TOO_LARGE(413, "request_too_large"),
    UNSUPPORTED_MEDIA_TYPE(415, "unsupported_media_type"),
    WEBSOCKET_NOT_SUPPORTED(426, "websocket_not_supported"),
    REQUESTS_PER_MINUTE(429, "rate_limit_exceeded", "requests", Retry.LATER),
    TOKENS_PER_MINUTE(429, "rate_limit_exceeded", "tokens", Retry.LATER),
    INSUFFICIENT_QUOTA(429, "insufficient_quota", "insufficient_quota", Retry.NEVER),
    HEADERS_TOO_LARGE(431, "headers_too_large"),
    INTERNAL_ERROR(500, "internal_error"),
    UPSTREAM_UNAVAILABLE(502, "upstream_unavailable"),
    UPSTREAM_MALFORMED_RESPONSE(502, "upstream_malformed_response"),
    UPSTREAM_STREAM_TRUNCATED(502, "upstream_stream_truncated"),
    UPSTREAM_EVENT_TOO_LARGE(502, "upstream_event_too_large"),
    /** The upstream refused our own key. */
    UPSTREAM_CREDENTIALS_REFUSED(502, "upstream_credentials_refused", Retry.NEVER),
    /** A small model's answer failed the ladder and nobody was left. */
    ANSWER_REJECTED(502, "answer_rejected", Retry.NEVER),
    /** The last target lacks files, library, adapter or credential. */
    NO_ELIGIBLE_MODEL(503, "no_eligible_model", Retry.NEVER),
    SERVER_IS_OVERLOADED(503, "server_is_overloaded", Retry.LATER),
    CAPTURE_UNAVAILABLE(503, "capture_unavailable", Retry.LATER),
    RESTRICTED_LOCAL_FAILED(503, "restricted_local_failed"),
    UPSTREAM_TIMEOUT(504, "upstream_timeout");

    private final int status;
    private final String code;
    private final String type;
    private final Retry retry;

    ApiError(int status, String code) {
        this(status, code, Retry.UNSAID);
    }

    ApiError(int status, String code, Retry retry) {
        this(status, code, status < 500 ? "invalid_request_error" : "server_error", retry);
    }

    ApiError(int status, String code, String type, Retry retry) {
        this.status = status;
        this.code = code;
        this.type = type;
        this.retry = retry;
    }

    /** HTTP status before the head; for errors that only a stream can have, the status they would have had. */
    public int status() {
        return status;
    }

    /** The {@code code} of the error object. */
    public String code() {
        return code;
    }

    /** The {@code type} of the error object. */
    public String type() {
        return type;
    }

    /** What the answer says about another try. */
    public Retry retry() {
        return retry;
    }

    /** Value of the metrics' tag: the code, told apart by type where two rows share it. */
    public String tag() {
        return this == TOKENS_PER_MINUTE ? "rate_limit_exceeded_tokens" : code;
    }

    /** What an answer says about another try. */
    public enum Retry {
        /** Nothing; clients go by the status. */
        UNSAID,
        /** {@code Retry-After}, an integer of 1 to 60 seconds. */
        LATER,
        /** {@code x-should-retry: false}. */
        NEVER
    }
}
