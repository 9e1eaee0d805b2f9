package dev.understudy.serve;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the door reads from a request's headers. */
final class RequestHeaders {
    private static final int MOST_LINES = 1_000;

    private RequestHeaders() {}

    /** Those that the rooms below look at, names in lower case. */
    static Map<String, String> kept(MultiMap headers) {
        Map<String, String> kept = new HashMap<>();
        for (Map.Entry<String, String> header : headers) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            if (CallReader.HEADERS.contains(name)) {
                kept.putIfAbsent(name, header.getValue());
            }
        }
        return kept;
    }

    /** The length that a request declares; -1 when it declares none. */
    static long declaredLength(MultiMap headers) {
        String value = headers.get(HttpHeaders.CONTENT_LENGTH);
        try {
            return value == null ? -1 : Long.parseLong(value.strip());
        } catch (NumberFormatException e) {
            // The server refuses such requests itself; were it to let one pass, the body is bounded all the same.
            return -1;
        }
    }

    /** {@code api-key}, else {@code x-api-key}, or null. */
    static @Nullable String apiKey(MultiMap headers) {
        String key = headers.get("api-key");
        return key == null ? headers.get("x-api-key") : key;
    }

    /** Whether the connection comes from this machine. */
    static boolean isLoopback(HttpServerRequest request) {
        String host =
                request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
        return host != null && (host.startsWith("127.") || host.equals("0:0:0:0:0:0:0:1") || host.equals("::1"));
    }

    /** What is wrong with the form of a request with a JSON body, or null. */
    static @Nullable ApiFailure problem(HttpServerRequest request) {
        MultiMap headers = request.headers();
        if (headers.size() > MOST_LINES) {
            return new ApiFailure(ApiError.HEADERS_TOO_LARGE, "The request has more than 1000 headers.");
        }
        if (headers.contains(HttpHeaders.AUTHORIZATION)) {
            List<String> shown = headers.getAll(HttpHeaders.AUTHORIZATION);
            if (shown.size() > 1) {
                return new ApiFailure(ApiError.INVALID_API_KEY, "The request has more than one Authorization header.");
            }
        }
        String type = headers.get(HttpHeaders.CONTENT_TYPE);
        if (type != null && !isJson(type)) {
            return new ApiFailure(
                    ApiError.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON: send 'Content-Type: application/json'.");
        }
        String encoding = headers.get(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
            return new ApiFailure(
                    ApiError.UNSUPPORTED_MEDIA_TYPE,
                    "The body's Content-Encoding is not supported: send it without compression.");
        }
        return destination(request);
    }

    private static @Nullable ApiFailure destination(HttpServerRequest request) {
        try {
            for (Map.Entry<String, String> header : request.headers()) {
                CallReader.refuseDestination(header.getKey(), "header.");
            }
            if (request.query() != null) {
                for (Map.Entry<String, String> parameter : request.params()) {
                    CallReader.refuseDestination(parameter.getKey(), "query.");
                }
            }
            return null;
        } catch (ApiFailure failure) {
            return failure;
        } catch (IllegalArgumentException e) {
            // a percent sign without two hex digits; the library says it by what it throws
            return new ApiFailure(ApiError.INVALID_VALUE, "The query is not encoded as a URL's must be.");
        }
    }

    private static boolean isJson(String type) {
        int end = type.indexOf(';');
        String media = (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        return media.isEmpty() || media.equals("application/json") || media.endsWith("+json");
    }
}
