package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads one message in outline. Only its being an object is judged; roles and contents are the upstream's business. */
final class MessageReader {
    private static final List<String> PLAIN_TEXT = List.of("text");

    private final JsonParser parser;
    private final ReferenceReader references;
    private final List<String> callIds = new ArrayList<>(2);
    private final List<String> toolNames = new ArrayList<>(2);
    private String role = "";
    private String text = "";
    private List<String> partKinds = List.of();
    private int callsHash;
    private boolean error;

    private MessageReader(JsonParser parser, ReferenceReader references) {
        this.parser = parser;
        this.references = references;
    }

    /** Reads the array that the parser stands on. */
    static List<Message> readAll(JsonParser parser, ReferenceReader references) throws IOException, ApiFailure {
        List<Message> messages = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                String param = "messages[" + messages.size() + "]";
                throw new ApiFailure(ApiError.INVALID_TYPE, "'" + param + "' must be an object.", param);
            }
            messages.add(new MessageReader(parser, references).read());
        }
        if (messages.isEmpty()) {
            throw new ApiFailure(ApiError.EMPTY_ARRAY, "'messages' is empty. Send at least one message.", "messages");
        }
        return messages;
    }

    private Message read() throws IOException, ApiFailure {
        int start = StrictJson.start(parser);
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "role" -> role = textOr(value, role);
                case "content" -> content(value);
                case "tool_calls" -> toolCalls(value);
                case "function_call" -> function(value);
                case "tool_call_id" -> {
                    if (value == JsonToken.VALUE_STRING) {
                        callIds.add(parser.getText());
                    }
                }
                case "is_error", "isError" -> error |= value == JsonToken.VALUE_TRUE;
                case "status" -> error |= textOr(value, "").equals("error");
                default -> {}
            }
            StrictJson.skip(parser);
        }
        return new Message(
                role, StrictJson.spanFrom(start, parser), text, partKinds, callIds, toolNames, callsHash, error);
    }

    private void content(JsonToken value) throws IOException, ApiFailure {
        if (value == JsonToken.VALUE_STRING) {
            text = parser.getText();
            partKinds = PLAIN_TEXT;
        } else if (value == JsonToken.START_ARRAY) {
            partKinds = new ArrayList<>(2);
            StringBuilder joined = null;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                String part = parser.currentToken() == JsonToken.START_OBJECT ? part() : null;
                if (part == null) {
                    StrictJson.skip(parser);
                } else if (text.isEmpty()) {
                    text = part;
                } else {
                    joined = joined == null ? new StringBuilder(text) : joined;
                    joined.append('\n').append(part);
                }
            }
            text = joined == null ? text : joined.toString();
        }
    }

    /** Reads a content part, adds its kind, returns its text; null when it has none. */
    private @Nullable String part() throws IOException, ApiFailure {
        String kind = "";
        String words = null;
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "type" -> kind = textOr(value, kind);
                case "text", "refusal" -> words = value == JsonToken.VALUE_STRING ? parser.getText() : words;
                case "file" -> file(value);
                default -> {}
            }
            StrictJson.skip(parser);
        }
        partKinds.add(kind);
        return words;
    }

    private void file(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean id = parser.currentName().equals("file_id");
            if (parser.nextToken() == JsonToken.VALUE_STRING && id) {
                references.file(parser.getText());
            }
            StrictJson.skip(parser);
        }
    }

    private void toolCalls(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_ARRAY) {
            return;
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                StrictJson.skip(parser);
                continue;
            }
            int keys = 0;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                StrictJson.count(++keys, parser);
                String name = parser.currentName();
                JsonToken part = parser.nextToken();
                switch (name) {
                    case "id" -> {
                        if (part == JsonToken.VALUE_STRING) {
                            callIds.add(parser.getText());
                        }
                    }
                    case "function", "custom" -> function(part);
                    default -> {}
                }
                StrictJson.skip(parser);
            }
        }
    }

    /** Reads name and arguments of one call. */
    private void function(JsonToken value) throws IOException, ApiFailure {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        String called = "";
        int arguments = 0;
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String name = parser.currentName();
            JsonToken part = parser.nextToken();
            switch (name) {
                case "name" -> called = textOr(part, called);
                case "arguments", "input" -> arguments = textOr(part, "").hashCode();
                default -> {}
            }
            StrictJson.skip(parser);
        }
        toolNames.add(called);
        int mixed = 31 * (31 * callsHash + called.hashCode()) + arguments;
        callsHash = mixed == 0 ? 1 : mixed;
    }

    private String textOr(JsonToken value, String otherwise) throws IOException {
        return value == JsonToken.VALUE_STRING ? parser.getText() : otherwise;
    }
}
