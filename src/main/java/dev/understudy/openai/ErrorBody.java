package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Writes failures in OpenAI's shape: one {@code error} object that always has its four keys. */
public final class ErrorBody {
    private ErrorBody() {}

    /** The body of an answer that is an error; {@code application/json}. */
    public static Buffer json(ApiFailure failure) {
        return json(failure.message(), failure.error().type(), failure.param(), failure.code());
    }

    /** A body of these four values, for errors that are not rows of ours. */
    public static Buffer json(String message, String type, @Nullable String param, @Nullable String code) {
        StringBuilder out = new StringBuilder(192);
        object(out, message, type, param, code);
        return Buffer.buffer(out.toString());
    }

    /** The last event of a stream that fails; nothing follows it. */
    public static Buffer event(ApiFailure failure) {
        StringBuilder out = new StringBuilder(224).append("event: error\ndata: ");
        object(out, failure.message(), failure.error().type(), failure.param(), failure.code());
        return Buffer.buffer(out.append("\n\n").toString());
    }

    private static void object(
            StringBuilder out, String message, String type, @Nullable String param, @Nullable String code) {
        JsonText.quote(out.append("{\"error\":{\"message\":"), message);
        JsonText.quote(out.append(",\"type\":"), type);
        JsonText.quoteOrNull(out.append(",\"param\":"), param);
        JsonText.quoteOrNull(out.append(",\"code\":"), code);
        out.append("}}");
    }
}
