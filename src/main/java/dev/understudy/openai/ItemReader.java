package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads one item of a Responses request's {@code input} in outline, as a message: what a tool gave back is one of role
 * {@code tool}, what a model made one of role {@code assistant}. Only its being an object is judged.
 */
final class ItemReader {
    private static final List<String> PLAIN_TEXT = List.of("text");

    private final JsonParser parser;
    private final ReferenceReader references;
    private final List<String> partKinds = new ArrayList<>(2);
    private final StringBuilder text = new StringBuilder();
    private String type = "";
    private String role = "";
    private String name = "";
    private String arguments = "";
    private @Nullable String id;
    private @Nullable String callId;
    private boolean content;
    private boolean error;

    private ItemReader(JsonParser parser, ReferenceReader references) {
        this.parser = parser;
        this.references = references;
    }

    /** Reads the array that the parser stands on. */
    static List<Message> readAll(JsonParser parser, ReferenceReader references) throws IOException, ApiFailure {
        List<Message> messages = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                String param = "input[" + messages.size() + "]";
                throw new ApiFailure(ApiError.INVALID_TYPE, "'" + param + "' must be an object.", param);
            }
            messages.add(new ItemReader(parser, references).read());
        }
        return messages;
    }

    /** The message that a text alone is: {@code input} of the user, {@code instructions} of the agent's author. */
    static Message plain(String role, JsonParser parser) throws IOException {
        String text = parser.getText();
        return new Message(
                role,
                StrictJson.spanFrom(StrictJson.start(parser), parser),
                text,
                PLAIN_TEXT,
                List.of(),
                List.of(),
                0,
                false);
    }

    private Message read() throws IOException, ApiFailure {
        int start = StrictJson.start(parser);
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (key) {
                case "type" -> type = textOr(value, type);
                case "role" -> role = textOr(value, role);
                case "id" -> id = value == JsonToken.VALUE_STRING ? parser.getText() : null;
                case "call_id" -> callId = value == JsonToken.VALUE_STRING ? parser.getText() : null;
                case "name" -> name = textOr(value, name);
                case "arguments", "input" -> arguments = textOr(value, arguments);
                case "content", "output", "summary" -> words(value);
                case "encrypted_content" -> encrypted(value);
                case "is_error" -> error |= value == JsonToken.VALUE_TRUE;
                case "status" -> error |= textOr(value, "").equals("error");
                default -> {}
            }
            StrictJson.skip(parser);
        }
        // The type may be left out of two items: of a message, and of a reference, which is an id and nothing else.
        boolean reference = type.equals("item_reference") || (type.isEmpty() && role.isEmpty() && !content);
        if (reference && id != null) {
            references.item(id);
        }
        return message(start);
    }

    private Message message(int start) throws IOException {
        boolean result = type.endsWith("_output");
        boolean call = type.endsWith("_call");
        String spoken = !role.isEmpty() ? role : result ? "tool" : "assistant";
        int mixed = 31 * (31 * name.hashCode()) + arguments.hashCode();
        return new Message(
                spoken,
                StrictJson.spanFrom(start, parser),
                text.toString(),
                partKinds,
                callId == null ? List.of() : List.of(callId),
                call ? List.of(name.isEmpty() ? type : name) : List.of(),
                !call ? 0 : mixed == 0 ? 1 : mixed,
                error);
    }

    private void words(JsonToken value) throws IOException, ApiFailure {
        content = true;
        if (value == JsonToken.VALUE_STRING) {
            partKinds.add("text");
            add(parser.getText());
        } else if (value == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.START_OBJECT) {
                    part();
                } else {
                    StrictJson.skip(parser);
                }
            }
        }
    }

    private void part() throws IOException, ApiFailure {
        String kind = "";
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (key) {
                case "type" -> kind = textOr(value, kind);
                case "text", "refusal" -> {
                    if (value == JsonToken.VALUE_STRING) {
                        add(parser.getText());
                    }
                }
                case "file_id" -> {
                    if (value == JsonToken.VALUE_STRING) {
                        references.file(parser.getText());
                    }
                }
                case "encrypted_content" -> encrypted(value);
                default -> {}
            }
            StrictJson.skip(parser);
        }
        partKinds.add(kindOf(kind));
    }

    /** The chat API's names for the same kinds, which rules know. */
    private static String kindOf(String kind) {
        return switch (kind) {
            case "input_text", "output_text", "refusal", "summary_text", "reasoning_text" -> "text";
            case "input_image" -> "image_url";
            case "input_file" -> "file";
            default -> kind;
        };
    }

    private void encrypted(JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            references.encrypted(parser.getText());
        }
    }

    private void add(String words) {
        if (!text.isEmpty()) {
            text.append('\n');
        }
        text.append(words);
    }

    private String textOr(JsonToken value, String otherwise) throws IOException {
        return value == JsonToken.VALUE_STRING ? parser.getText() : otherwise;
    }
}
