package dev.understudy.serve;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.BodyCoding;
import dev.understudy.openai.CallReader;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the door reads from a request's headers, in one pass over their lines. */
final class RequestHeaders {
    private static final int MOST_LINES = 1_000;

    private final HttpServerRequest request;
    private final Map<String, String> kept = new HashMap<>();
    private int lines;
    private @Nullable String authorization;
    private @Nullable String apiKey;
    private @Nullable String otherApiKey;
    private @Nullable String type;
    private @Nullable String encoding;
    private @Nullable String length;
    private boolean credentialTwice;
    private boolean formTwice;
    private boolean nameless;
    private boolean body;
    private @Nullable ApiFailure destination;

    private RequestHeaders(HttpServerRequest request) {
        this.request = request;
    }

    static RequestHeaders of(HttpServerRequest request) {
        RequestHeaders read = new RequestHeaders(request);
        for (Map.Entry<String, String> header : request.headers()) {
            read.line(header.getKey().toLowerCase(Locale.ROOT), header.getValue());
        }
        return read;
    }

    private void line(String name, String value) {
        lines++;
        switch (name) {
            case "authorization" -> {
                credentialTwice |= authorization != null;
                authorization = value;
            }
            case "api-key" -> {
                credentialTwice |= apiKey != null;
                apiKey = value;
            }
            case "x-api-key" -> {
                credentialTwice |= otherApiKey != null;
                otherApiKey = value;
            }
            case "content-type" -> {
                formTwice |= type != null;
                type = value;
            }
            case "content-encoding" -> {
                formTwice |= encoding != null;
                encoding = value;
            }
            case "content-length" -> {
                length = value;
                body |= !value.equals("0");
            }
            case "transfer-encoding" -> body = true;
            case "" -> nameless = true;
            default -> other(name, value);
        }
    }

    private void other(String name, String value) {
        if (CallReader.HEADERS.contains(name)) {
            kept.putIfAbsent(name, value);
        } else if (destination == null) {
            try {
                CallReader.refuseDestination(name, "header.");
            } catch (ApiFailure failure) {
                destination = failure;
            }
        }
    }

    /** Those that the rooms below look at, names in lower case. */
    Map<String, String> kept() {
        return kept;
    }

    /** The header as sent, or null. */
    @Nullable
    String authorization() {
        return authorization;
    }

    /** {@code api-key}, else {@code x-api-key}, or null. */
    @Nullable
    String apiKey() {
        return apiKey == null ? otherApiKey : apiKey;
    }

    /** The length that the request declares; -1 when it declares none. */
    long declaredLength() {
        try {
            return length == null ? -1 : Long.parseLong(length.strip());
        } catch (NumberFormatException e) {
            // The server refuses such requests itself; were it to let one pass, the body is bounded all the same.
            return -1;
        }
    }

    /** Whether a body follows the head. */
    boolean hasBody() {
        return body;
    }

    /** How the body is packed; null when it is not known to us. */
    @Nullable
    BodyCoding coding() {
        return BodyCoding.of(encoding);
    }

    /** Whether the client waits for a word before it sends its body (RFC 9110, section 10.1.1). */
    boolean expectsContinue() {
        return "100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT));
    }

    /** Whether the connection comes from this machine. */
    boolean isLoopback() {
        String host =
                request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
        return host != null && (host.startsWith("127.") || host.equals("0:0:0:0:0:0:0:1") || host.equals("::1"));
    }

    /** What is wrong before anybody asks who calls, or null: too many lines, more than one principal. */
    @Nullable
    ApiFailure unfit() {
        if (lines > MOST_LINES) {
            return new ApiFailure(ApiError.HEADERS_TOO_LARGE, "The request has more than 1000 headers.");
        }
        if (nameless) {
            return new ApiFailure(ApiError.INVALID_VALUE, "The request has a header without a name.");
        }
        if (credentialTwice) {
            return new ApiFailure(ApiError.INVALID_API_KEY, "The request has more than one line for its API key.");
        }
        if (apiKey != null && otherApiKey != null && !apiKey.equals(otherApiKey)) {
            return new ApiFailure(ApiError.INVALID_API_KEY, "The request has two API keys that differ.");
        }
        return null;
    }

    /** What is wrong with the form of a request with a JSON body, or null. */
    @Nullable
    ApiFailure noJson() {
        if (formTwice || (type != null && !isJson(type))) {
            return new ApiFailure(
                    ApiError.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON: send 'Content-Type: application/json'.");
        }
        if (coding() == null) {
            return new ApiFailure(
                    ApiError.UNSUPPORTED_MEDIA_TYPE,
                    "The body's Content-Encoding is not supported: send gzip, deflate or zstd, or no compression.");
        }
        return null;
    }

    /** The refusal of a header or a query parameter that would send the call elsewhere, or null. */
    @Nullable
    ApiFailure destination() {
        if (destination != null || request.query() == null) {
            return destination;
        }
        try {
            for (Map.Entry<String, String> parameter : request.params()) {
                CallReader.refuseDestination(parameter.getKey(), "query.");
            }
            return null;
        } catch (ApiFailure failure) {
            return failure;
        } catch (IllegalArgumentException e) {
            // a percent sign without two hex digits; the library says it by what it throws
            return new ApiFailure(ApiError.INVALID_VALUE, "The query is not encoded as a URL's must be.");
        }
    }

    /** Whether the body is a form of parts (RFC 7578). */
    boolean isMultipart() {
        return !formTwice && type != null && media(type).equals("multipart/form-data");
    }

    /** Whether a body follows the head, by what the head says. */
    static boolean hasBody(HttpServerRequest request) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (length != null) {
            return !length.strip().equals("0");
        }
        // Over HTTP/2 a body needs no header at all.
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
                || (request.version() == HttpVersion.HTTP_2 && request.method().equals(HttpMethod.POST));
    }

    private static String media(String type) {
        int end = type.indexOf(';');
        return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    private static boolean isJson(String type) {
        String media = media(type);
        return media.isEmpty() || media.equals("application/json") || media.endsWith("+json");
    }
}
