package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's own error, fit for a client: its bytes where they have OpenAI's shape, else the same words in that shape.
 * A missing key becomes null, a number text, a lone string the message.
 */
public final class UpstreamError {
    private static final String UNTOLD = "The upstream answered with an error that it did not explain.";

    private boolean whole = true;
    private boolean found;
    private @Nullable String message;
    private @Nullable String type;
    private @Nullable String param;
    private @Nullable String code;

    private UpstreamError() {}

    /** The body to send on for an upstream's error body. */
    public static Buffer body(Buffer upstream) {
        byte[] bytes = upstream.getBytes();
        return body(bytes, 0, bytes.length);
    }

    static Buffer body(byte[] bytes, int from, int to) {
        UpstreamError error = new UpstreamError();
        try (JsonParser parser = UpstreamJson.open(bytes, from, to)) {
            error.read(parser);
        } catch (IOException e) {
            error.found = false;
        }
        if (!error.found) {
            return ErrorBody.json(UNTOLD, "upstream_error", null, "upstream_error");
        }
        if (error.whole) {
            return Buffer.buffer(to - from).appendBytes(bytes, from, to - from);
        }
        String message = error.message == null ? UNTOLD : error.message;
        return ErrorBody.json(message, error.type == null ? "upstream_error" : error.type, error.param, error.code);
    }

    private void read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("error") && value == JsonToken.START_OBJECT) {
                found = true;
                readObject(parser);
            } else if (name.equals("error") && value == JsonToken.VALUE_STRING) {
                found = true;
                whole = false;
                message = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readObject(JsonParser parser) throws IOException {
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "message" -> message = text(parser, value);
                case "type" -> type = text(parser, value);
                case "param" -> param = text(parser, value);
                case "code" -> code = text(parser, value);
                default -> keys--;
            }
            keys++;
            parser.skipChildren();
        }
        whole &= keys == 4 && message != null;
    }

    private @Nullable String text(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            return parser.getText();
        }
        // A number, a truth value or a structure: no client expects them here.
        whole &= value == JsonToken.VALUE_NULL;
        return value.isNumeric() ? parser.getText() : null;
    }
}
