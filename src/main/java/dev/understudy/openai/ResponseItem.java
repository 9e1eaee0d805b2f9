package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One output item as far as it must be known; read anew for each. */
final class ResponseItem {
    private String type = "";
    private @Nullable String id;
    private @Nullable Span idSpan;
    private @Nullable String callId;
    private @Nullable String name;
    private @Nullable String arguments;
    private @Nullable String encrypted;
    private int start;
    private int end;

    /**
     * Reads the object that the parser stands on, to its end.
     *
     * @param offset where the parser's text begins
     */
    void read(JsonParser parser, int offset) throws IOException {
        type = "";
        id = null;
        idSpan = null;
        callId = null;
        name = null;
        arguments = null;
        encrypted = null;
        start = offset + (int) parser.currentTokenLocation().getByteOffset();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String member = parser.currentName();
            JsonToken value = parser.nextToken();
            String text = value == JsonToken.VALUE_STRING && isKnown(member) ? parser.getText() : null;
            switch (member) {
                case "type" -> type = text == null ? "" : text;
                case "id" -> {
                    id = text;
                    int from = offset + (int) parser.currentTokenLocation().getByteOffset();
                    parser.finishToken();
                    idSpan = new Span(
                            from, offset + (int) parser.currentLocation().getByteOffset());
                }
                case "call_id" -> callId = text;
                case "name" -> name = text;
                case "arguments" -> arguments = text;
                case "encrypted_content" -> encrypted = text;
                default -> {}
            }
            parser.skipChildren();
        }
        end = offset + (int) parser.currentLocation().getByteOffset();
    }

    private static boolean isKnown(String member) {
        return switch (member) {
            case "type", "id", "call_id", "name", "arguments", "encrypted_content" -> true;
            default -> false;
        };
    }

    /** Empty when it has none. */
    String type() {
        return type;
    }

    @Nullable
    String id() {
        return id;
    }

    /** Place of the id's value; null when there is none. */
    @Nullable
    Span idSpan() {
        return idSpan;
    }

    @Nullable
    String callId() {
        return callId;
    }

    @Nullable
    String name() {
        return name;
    }

    @Nullable
    String arguments() {
        return arguments;
    }

    /** What only its maker can read, or null. */
    @Nullable
    String encrypted() {
        return encrypted;
    }

    /** Place of its first brace. */
    int start() {
        return start;
    }

    /** Place after its last brace. */
    int end() {
        return end;
    }
}
