package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import java.io.IOException;

/** Reads a {@code usage} object. Counts that cannot be true (negative, broken, over a thousand million) are no counts. */
final class UsageReader {
    private static final int MOST = 1_000_000_000;
    private static final int UNKNOWN = -1;

    private UsageReader() {}

    /** Reads a response's object; {@link TokenCount#NONE} when it reports nothing usable. */
    static TokenCount ofResponse(JsonParser parser) throws IOException {
        return read(parser, "input_tokens", "output_tokens", "input_tokens_details");
    }

    /** Reads the object that the parser stands on; {@link TokenCount#NONE} when it reports nothing usable. */
    static TokenCount read(JsonParser parser) throws IOException {
        return read(parser, "prompt_tokens", "completion_tokens", "prompt_tokens_details");
    }

    /**
     * Reads the object of an endpoint that may write nothing, with the names of either; {@link TokenCount#NONE} when it
     * reports nothing usable.
     */
    static TokenCount any(JsonParser parser) throws IOException {
        int input = UNKNOWN;
        int output = 0;
        int cached = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "prompt_tokens", "input_tokens" -> input = count(parser, value);
                case "completion_tokens", "output_tokens" -> output = count(parser, value);
                case "prompt_tokens_details", "input_tokens_details" ->
                    cached = value == JsonToken.START_OBJECT ? cached(parser) : cached;
                default -> parser.skipChildren();
            }
        }
        return input == UNKNOWN || output == UNKNOWN
                ? TokenCount.NONE
                : new TokenCount(input, Math.max(0, Math.min(cached, input)), output, TokenCount.Source.REPORTED);
    }

    private static TokenCount read(JsonParser parser, String inputs, String outputs, String details)
            throws IOException {
        int input = UNKNOWN;
        int output = UNKNOWN;
        int cached = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals(inputs)) {
                input = count(parser, value);
            } else if (name.equals(outputs)) {
                output = count(parser, value);
            } else if (name.equals(details) && value == JsonToken.START_OBJECT) {
                cached = cached(parser);
            } else {
                parser.skipChildren();
            }
        }
        if (input == UNKNOWN || output == UNKNOWN) {
            return TokenCount.NONE;
        }
        return new TokenCount(input, Math.max(0, Math.min(cached, input)), output, TokenCount.Source.REPORTED);
    }

    private static int cached(JsonParser parser) throws IOException {
        int cached = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean wanted = parser.currentName().equals("cached_tokens");
            JsonToken value = parser.nextToken();
            if (wanted) {
                cached = count(parser, value);
            }
            parser.skipChildren();
        }
        return cached;
    }

    private static int count(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() == JsonParser.NumberType.INT) {
            int count = parser.getIntValue();
            return count >= 0 && count <= MOST ? count : UNKNOWN;
        }
        parser.skipChildren();
        return UNKNOWN;
    }
}
