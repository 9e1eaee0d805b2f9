package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import dev.understudy.call.TokenCount;
import dev.understudy.model.AnswerSink.Shown;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@code response} object as far as it must be known: of a stream's event, or a whole JSON answer. */
final class ResponseObject {
    /** One thing that an upstream keeps. */
    record Kept(Shown kind, String id) {
        /** The record says what kind it is of, never which. */
        @Override
        public String toString() {
            return "Kept[" + kind + "]";
        }
    }

    private final ResponseItem item = new ResponseItem();
    private final List<Kept> kept = new ArrayList<>();
    private @Nullable String id;
    private @Nullable String model;
    private @Nullable String status;
    private @Nullable String object;
    private long createdAt;
    private TokenCount usage = TokenCount.NONE;
    private @Nullable Span output;
    private int items;
    private boolean error;
    private int characters;
    private int end;

    /**
     * Reads the object that the parser stands on, to its end.
     *
     * @param offset where the parser's text begins
     */
    void read(JsonParser parser, int offset) throws IOException {
        reset();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "id" -> id = ResponseEvent.text(parser, value);
                case "object" -> object = ResponseEvent.text(parser, value);
                case "model" -> model = ResponseEvent.text(parser, value);
                case "status" -> status = ResponseEvent.text(parser, value);
                case "created_at" -> createdAt = value.isNumeric() ? parser.getLongValue() : 0;
                case "error" -> error = value != JsonToken.VALUE_NULL;
                case "usage" -> usage = value == JsonToken.START_OBJECT ? UsageReader.ofResponse(parser) : usage;
                case "conversation" -> conversation(parser, value);
                case "output" -> output(parser, value, offset);
                default -> {}
            }
            parser.skipChildren();
        }
        if (id != null) {
            kept.add(new Kept(Shown.RESPONSE, id));
        }
        end = offset + (int) parser.currentTokenLocation().getByteOffset();
    }

    private void reset() {
        kept.clear();
        id = null;
        model = null;
        status = null;
        object = null;
        createdAt = 0;
        usage = TokenCount.NONE;
        output = null;
        items = 0;
        error = false;
        characters = 0;
    }

    private void conversation(JsonParser parser, JsonToken value) throws IOException {
        while (value == JsonToken.START_OBJECT && parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean known = parser.currentName().equals("id");
            String text = ResponseEvent.text(parser, parser.nextToken());
            if (known && text != null) {
                kept.add(new Kept(Shown.CONVERSATION, text));
            }
            parser.skipChildren();
        }
    }

    private void output(JsonParser parser, JsonToken value, int offset) throws IOException {
        int start = offset + (int) parser.currentTokenLocation().getByteOffset();
        if (value == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items++;
                if (parser.currentToken() == JsonToken.START_OBJECT) {
                    item.read(parser, offset);
                    characters = Math.min(Integer.MAX_VALUE / 2, characters + item.end() - item.start());
                    keep(item, kept);
                } else {
                    parser.skipChildren();
                }
            }
        } else {
            parser.skipChildren();
            parser.finishToken();
        }
        output = new Span(start, offset + (int) parser.currentLocation().getByteOffset());
    }

    /** Adds what an item shows. */
    static void keep(ResponseItem item, List<Kept> kept) {
        if (item.id() != null) {
            kept.add(new Kept(Shown.ITEM, item.id()));
        }
        if (item.encrypted() != null) {
            kept.add(new Kept(Shown.ENCRYPTED_CONTENT, item.encrypted()));
        }
    }

    @Nullable
    String id() {
        return id;
    }

    @Nullable
    String model() {
        return model;
    }

    @Nullable
    String status() {
        return status;
    }

    /** Seconds since 1970; 0 when it does not say. */
    long createdAt() {
        return createdAt;
    }

    TokenCount usage() {
        return usage;
    }

    /** Place of the output's value; null when it has none. */
    @Nullable
    Span output() {
        return output;
    }

    /** Items of its output. */
    int items() {
        return items;
    }

    boolean hasError() {
        return error;
    }

    /** Whether it is what it should be. */
    boolean isResponse() {
        return "response".equals(object) || (id != null && output != null);
    }

    /** Bytes of its items, which are mostly text. */
    int characters() {
        return characters;
    }

    /** Ids that it shows, and encrypted contents. */
    List<Kept> kept() {
        return kept;
    }

    /** Place of the brace that ends it. */
    int end() {
        return end;
    }
}
