package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ErrorBodyTest {
    @Test
    void theFourKeysAreAlwaysThere() {
        ApiFailure failure = new ApiFailure(ApiError.INVALID_TYPE, "'n' must be a \"number\".", "n");

        assertThat(ErrorBody.json(failure).toString())
                .isEqualTo(
                        "{\"error\":{\"message\":\"'n' must be a \\\"number\\\".\",\"type\":\"invalid_request_error\","
                                + "\"param\":\"n\",\"code\":\"invalid_type\"}}");
        assertThat(ErrorBody.event(new ApiFailure(ApiError.UPSTREAM_TIMEOUT, "Late."))
                        .toString())
                .isEqualTo(
                        "event: error\ndata: {\"error\":{\"message\":\"Late.\",\"type\":\"server_error\",\"param\":null,"
                                + "\"code\":\"upstream_timeout\"}}\n\n");
    }

    @Test
    void aRulesOwnRefusalKeepsItsStatusAndCode() {
        ApiFailure failure = ApiFailure.denied(451, "policy_region", "Not here.", null);

        assertThat(failure.status()).isEqualTo(451);
        assertThat(ErrorBody.json(failure).toString()).contains("\"code\":\"policy_region\"");
    }

    @Test
    void wordsOfCodesDoNotMisleadClientsThatReadThem() {
        Set<String> tags = new HashSet<>();
        for (ApiError error : ApiError.values()) {
            if (error.status() >= 500) {
                assertThat(error.code()).doesNotContain("rate_limit", "auth", "not_found", "invalid", "context_length");
            }
            assertThat(error.status()).isNotEqualTo(409);
            tags.add(error.tag() + error.status());
        }
        assertThat(tags).hasSize(ApiError.values().length);
    }

    @Test
    void namesAreEchoedShortAndWithoutControls() {
        assertThat(ApiFailure.echo("a\r\nb\uD800")).isEqualTo("a\uFFFD\uFFFDb\uFFFD");
        assertThat(ApiFailure.echo("x".repeat(200))).hasSize(129);
    }

    @Test
    void anUpstreamsErrorKeepsItsBytesWhereTheyHaveTheShape() {
        String whole =
                "{ \"error\": {\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":\"c\",\"more\":1}, \"x\":2}";
        assertThat(UpstreamError.body(Buffer.buffer(whole)).toString()).isEqualTo(whole);

        for (List<String> pair : List.of(
                List.of(
                        "{\"error\":{\"message\":\"m\",\"code\":404}}",
                        "{\"error\":{\"message\":\"m\",\"type\":\"upstream_error\",\"param\":null,\"code\":\"404\"}}"),
                List.of(
                        "{\"error\":\"m\"}",
                        "{\"error\":{\"message\":\"m\",\"type\":\"upstream_error\",\"param\":null,\"code\":null}}"))) {
            assertThat(UpstreamError.body(Buffer.buffer(pair.getFirst())).toString())
                    .isEqualTo(pair.getLast());
        }
        assertThat(UpstreamError.body(Buffer.buffer("<html>502</html>")).toString())
                .contains("\"code\":\"upstream_error\"")
                .doesNotContain("html");
    }
}
