package dev.understudy.upstream;

import dev.understudy.model.ModelFailure;
import dev.understudy.openai.UpstreamError;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import java.util.HashMap;
import java.util.Map;

/** Gathers an error body, puts it into OpenAI's shape where it is not, and ends the question with it. */
final class ErrorReading implements Reading {
    /** More than any provider explains; what is longer is cut, and so no longer JSON. */
    private static final int ERROR_BYTES = 256 << 10;
    /** A wait that short is waited here, for the client. */
    private static final int SHORT_WAIT = 2;

    private static final int TOO_MANY_REQUESTS = 429;

    private static final int BAD_REQUEST = 400;

    private final UpstreamAsk ask;
    private final HttpClientResponse response;
    private final Buffer body = Buffer.buffer();

    ErrorReading(UpstreamAsk ask, HttpClientResponse response) {
        this.ask = ask;
        this.response = response;
    }

    @Override
    public void chunk(Buffer bytes) {
        body.appendBuffer(bytes);
        if (body.length() > ERROR_BYTES) {
            tell(false);
        }
    }

    @Override
    public void end() {
        if (response.statusCode() == BAD_REQUEST
                && ask.mayDropUsage()
                && body.toString().contains("stream_options")) {
            ask.askWithoutUsage();
        } else {
            tell(true);
        }
    }

    @Override
    public void broken() {
        tell(false);
    }

    private void tell(boolean bodyEnded) {
        Map<String, String> headers = new HashMap<>(ask.answerHeaders(response));
        String id = response.getHeader("x-request-id");
        if (id != null) {
            headers.put("x-understudy-upstream-request-id", id);
        }
        int status = response.statusCode();
        int wait = RetryAfter.seconds(
                response.getHeader(HttpHeaders.RETRY_AFTER), ask.ask().call().receivedAt());
        ask.model().heed(status, wait);
        ask.fail(
                new ModelFailure(
                        ModelFailure.Code.UPSTREAM_ERROR,
                        "The upstream answered with status " + status + ".",
                        null,
                        status,
                        UpstreamError.body(body),
                        headers,
                        null,
                        isPassing(status, wait) ? ask.again() : ModelFailure.Again.NO,
                        wait),
                bodyEnded);
    }

    /** Whether the same question may well be answered in a moment. */
    private boolean isPassing(int status, int wait) {
        if ("false".equalsIgnoreCase(response.getHeader("x-should-retry"))) {
            return false;
        }
        return switch (status) {
            case TOO_MANY_REQUESTS -> wait > 0 && wait <= SHORT_WAIT;
            case 500, 502, 503, 504, 529 -> wait <= SHORT_WAIT;
            default -> false;
        };
    }
}
