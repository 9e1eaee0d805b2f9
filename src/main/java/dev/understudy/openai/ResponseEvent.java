package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import dev.understudy.call.TokenCount;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One event of a Responses stream as far as it must be known; read anew for each. */
final class ResponseEvent {
    private final ResponseItem item = new ResponseItem();
    private final ResponseObject response = new ResponseObject();

    private int offset;
    private @Nullable String type;
    private long number;
    private @Nullable Span numberSpan;
    private int outputIndex;
    private int contentIndex;
    private @Nullable String itemId;
    private @Nullable Span itemIdSpan;
    private boolean hasItem;
    private boolean hasResponse;
    private int spoken;
    private @Nullable String arguments;
    private @Nullable String partType;
    private @Nullable String code;
    private @Nullable String message;
    private @Nullable String param;
    private boolean errorObject;
    private int end;

    /** Reads the event whose JSON begins at {@code start} of the bytes that the parser reads. */
    void read(JsonParser parser, int start) throws IOException, ApiFailure {
        reset(start);
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw UpstreamJson.malformed("sent an event that is not a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            member(parser, name, value);
            parser.skipChildren();
        }
        end = offset + (int) parser.currentTokenLocation().getByteOffset();
        if (parser.nextToken() != null) {
            throw UpstreamJson.malformed("sent more than one JSON document in an event");
        }
    }

    private void member(JsonParser parser, String name, JsonToken value) throws IOException {
        switch (name) {
            case "type" -> type = text(parser, value);
            case "sequence_number" -> {
                if (value == JsonToken.VALUE_NUMBER_INT) {
                    number = parser.getLongValue();
                    numberSpan = span(parser);
                }
            }
            case "output_index" -> outputIndex = integer(parser, value);
            case "content_index" -> contentIndex = integer(parser, value);
            case "item_id" -> {
                itemId = text(parser, value);
                itemIdSpan = span(parser);
            }
            case "delta" -> spoken = value == JsonToken.VALUE_STRING ? parser.getTextLength() : 1;
            case "arguments" -> arguments = text(parser, value);
            case "item" -> {
                if (value == JsonToken.START_OBJECT) {
                    hasItem = true;
                    item.read(parser, offset);
                }
            }
            case "part" -> {
                if (value == JsonToken.START_OBJECT) {
                    part(parser);
                }
            }
            case "response" -> {
                if (value == JsonToken.START_OBJECT) {
                    hasResponse = true;
                    response.read(parser, offset);
                }
            }
            case "error" -> error(parser, value);
            case "code" -> code = textOrNumber(parser, value);
            case "message" -> message = text(parser, value);
            case "param" -> param = text(parser, value);
            default -> {}
        }
    }

    private void error(JsonParser parser, JsonToken value) throws IOException {
        errorObject = value == JsonToken.START_OBJECT || value == JsonToken.VALUE_STRING;
        if (value == JsonToken.VALUE_STRING) {
            message = parser.getText();
            return;
        }
        while (value == JsonToken.START_OBJECT && parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken part = parser.nextToken();
            switch (name) {
                case "code" -> code = textOrNumber(parser, part);
                case "message" -> message = text(parser, part);
                case "param" -> param = text(parser, part);
                default -> {}
            }
            parser.skipChildren();
        }
    }

    private void part(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean kind = parser.currentName().equals("type");
            JsonToken value = parser.nextToken();
            partType = kind ? text(parser, value) : partType;
            parser.skipChildren();
        }
    }

    private void reset(int start) {
        offset = start;
        type = null;
        number = -1;
        numberSpan = null;
        outputIndex = -1;
        contentIndex = -1;
        itemId = null;
        itemIdSpan = null;
        hasItem = false;
        hasResponse = false;
        spoken = 0;
        arguments = null;
        partType = null;
        code = null;
        message = null;
        param = null;
        errorObject = false;
    }

    private Span span(JsonParser parser) throws IOException {
        int start = offset + (int) parser.currentTokenLocation().getByteOffset();
        parser.finishToken();
        return new Span(start, offset + (int) parser.currentLocation().getByteOffset());
    }

    static @Nullable String text(JsonParser parser, JsonToken value) throws IOException {
        return value == JsonToken.VALUE_STRING ? parser.getText() : null;
    }

    private static @Nullable String textOrNumber(JsonParser parser, JsonToken value) throws IOException {
        return value.isNumeric() ? parser.getText() : text(parser, value);
    }

    private static int integer(JsonParser parser, JsonToken value) throws IOException {
        return value == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() == JsonParser.NumberType.INT
                ? parser.getIntValue()
                : -1;
    }

    /** Its {@code type}; empty when it has none. */
    String type() {
        return type == null ? "" : type;
    }

    /** Its {@code sequence_number}; -1 when it has none. */
    long number() {
        return number;
    }

    @Nullable
    Span numberSpan() {
        return numberSpan;
    }

    /** -1 when it has none. */
    int outputIndex() {
        return outputIndex;
    }

    /** -1 when it has none. */
    int contentIndex() {
        return contentIndex;
    }

    @Nullable
    String itemId() {
        return itemId;
    }

    @Nullable
    Span itemIdSpan() {
        return itemIdSpan;
    }

    /** The item that it tells of, or null; valid until the next event is read. */
    @Nullable
    ResponseItem item() {
        return hasItem ? item : null;
    }

    /** The response that it tells of, or null; valid until the next event is read. */
    @Nullable
    ResponseObject response() {
        return hasResponse ? response : null;
    }

    /** Characters of its delta. */
    int spoken() {
        return spoken;
    }

    @Nullable
    String arguments() {
        return arguments;
    }

    /** The type of the content part that it tells of, or null. */
    @Nullable
    String partType() {
        return partType;
    }

    /** Whether it tells an error, in the form of this API or as others do. */
    boolean isError() {
        return type().equals("error") || (errorObject && type == null);
    }

    /** Whether an error has the form of this API. */
    boolean isTypedError() {
        return type().equals("error") && !errorObject && message != null;
    }

    @Nullable
    String code() {
        return code;
    }

    @Nullable
    String message() {
        return message;
    }

    @Nullable
    String param() {
        return param;
    }

    /** Place of the brace that ends it. */
    int end() {
        return end;
    }

    /** The usage that its response reports. */
    TokenCount usage() {
        return hasResponse ? response.usage() : TokenCount.NONE;
    }
}
