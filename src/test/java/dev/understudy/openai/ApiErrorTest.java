package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The table of errors is API: SDKs and frameworks compare its words, and decide by them whether to try again. */
class ApiErrorTest {
    private static final String TABLE = """
            400 invalid_json invalid_request_error
            400 duplicate_key invalid_request_error
            400 json_limit_exceeded invalid_request_error
            400 missing_required_parameter invalid_request_error
            400 invalid_type invalid_request_error
            400 empty_array invalid_request_error
            400 integer_below_min_value invalid_request_error
            400 decimal_below_min_value invalid_request_error
            400 invalid_value invalid_request_error
            400 unsupported_parameter invalid_request_error
            400 unsupported_value invalid_request_error
            400 context_length_exceeded invalid_request_error
            400 previous_response_not_found invalid_request_error
            401 invalid_api_key invalid_request_error
            403 policy_denied invalid_request_error
            403 policy_guard invalid_request_error
            403 no_eligible_model invalid_request_error
            404 model_not_found invalid_request_error
            404 unknown_url invalid_request_error
            404 not_found invalid_request_error
            405 method_not_allowed invalid_request_error
            408 request_timeout invalid_request_error
            413 request_too_large invalid_request_error
            415 unsupported_media_type invalid_request_error
            426 websocket_not_supported invalid_request_error
            429 rate_limit_exceeded requests LATER
            429 rate_limit_exceeded tokens LATER
            429 insufficient_quota insufficient_quota NEVER
            431 headers_too_large invalid_request_error
            """;

    @Test
    void whatIsTheClientsFaultIsToldInTheseWords() {
        List<String> rows = Arrays.stream(ApiError.values())
                .filter(error -> error.status() < 500)
                .map(error -> error.status() + " " + error.code() + " " + error.type()
                        + (error.retry() == ApiError.Retry.UNSAID ? "" : " " + error.retry()))
                .toList();
        assertThat(rows).containsExactlyInAnyOrderElementsOf(TABLE.lines().toList());
    }

    @Test
    void noFaultOfOursIsMistakenForTheClients() {
        for (ApiError error : ApiError.values()) {
            if (error.status() >= 500) {
                assertThat(error.code()).doesNotContain("rate_limit", "auth", "not_found", "invalid", "context_length");
                assertThat(error.type()).isEqualTo("server_error");
            }
        }
    }
}
