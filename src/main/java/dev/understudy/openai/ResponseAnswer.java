package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads an answer of the Responses API back from the bytes that left for the client. Of a stream its last event tells
 * everything; of one that broke off, the items and pieces of text that came.
 */
final class ResponseAnswer {
    private final TreeMap<Integer, Item> items = new TreeMap<>();
    private @Nullable String finish;
    private byte @Nullable [] last;
    private TokenCount usage = TokenCount.NONE;

    private ResponseAnswer() {}

    static Answer ofDocument(byte[] json) {
        ResponseAnswer answer = new ResponseAnswer();
        try (JsonParser parser = UpstreamJson.open(json, 0, json.length)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                answer.response(parser);
            }
        } catch (IOException e) {
            // Cut or broken: what was read before stands.
            return answer.answer();
        }
        return answer.answer();
    }

    static Answer ofStream(byte[] events) {
        ResponseAnswer answer = new ResponseAnswer();
        answer.read(events);
        return answer.answer();
    }

    /** The response that a stream's last event tells; null when that did not come. */
    static byte @Nullable [] lastResponse(byte[] events) {
        ResponseAnswer answer = new ResponseAnswer();
        answer.read(events);
        return answer.last;
    }

    private void read(byte[] events) {
        try {
            new EventScanner((bytes, from, to, plain) ->
                            event(EventLines.of(bytes, from, to, false).data()))
                    .feed(Buffer.buffer(events));
        } catch (ApiFailure e) {
            // An event over the limit: what came before it is the answer.
            return;
        }
    }

    private Answer answer() {
        StringBuilder content = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        List<Reply.ToolCall> calls = new ArrayList<>();
        for (Item item : items.values()) {
            content.append(item.text);
            refusal.append(item.refusal);
            if (item.type.equals("function_call") || item.type.equals("custom_tool_call")) {
                calls.add(new Reply.ToolCall(item.callId, item.name, item.arguments.toString()));
            }
        }
        return new Answer(
                content.isEmpty() ? null : content.toString(),
                refusal.isEmpty() ? null : refusal.toString(),
                calls,
                finish,
                usage);
    }

    private void event(byte[] json) {
        if (json.length == 0 || json[0] != '{') {
            return;
        }
        Piece piece = new Piece();
        try (JsonParser parser = UpstreamJson.open(json, 0, json.length)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "type" -> piece.type = textOr(parser, "");
                    case "output_index" -> piece.index = value == JsonToken.VALUE_NUMBER_INT ? parser.getIntValue() : 0;
                    case "delta" -> piece.delta = textOr(parser, "");
                    case "item" -> {
                        if (value == JsonToken.START_OBJECT) {
                            piece.item = item(parser);
                        }
                    }
                    case "response" -> {
                        if (value == JsonToken.START_OBJECT && isLast(piece.type)) {
                            int start = (int) parser.currentTokenLocation().getByteOffset();
                            response(parser);
                            last = Arrays.copyOfRange(
                                    json, start, (int) parser.currentLocation().getByteOffset());
                        }
                    }
                    default -> {}
                }
                parser.skipChildren();
            }
        } catch (IOException e) {
            // The event is cut: what it said is not needed.
            return;
        }
        add(piece);
    }

    private void add(Piece piece) {
        if (piece.item != null) {
            items.put(piece.index, piece.item);
            return;
        }
        switch (piece.type) {
            case "response.output_text.delta" -> at(piece.index).text.append(piece.delta);
            case "response.refusal.delta" -> at(piece.index).refusal.append(piece.delta);
            case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta" ->
                at(piece.index).arguments.append(piece.delta);
            default -> {}
        }
    }

    private Item at(int index) {
        return items.computeIfAbsent(index, unknown -> new Item());
    }

    private static boolean isLast(String type) {
        return switch (type) {
            case "response.completed", "response.incomplete", "response.failed" -> true;
            default -> false;
        };
    }

    private void response(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("status")) {
                finish = textOr(parser, "");
            } else if (name.equals("usage") && value == JsonToken.START_OBJECT) {
                usage = UsageReader.ofResponse(parser);
            } else if (name.equals("output") && value == JsonToken.START_ARRAY) {
                output(parser);
            }
            parser.skipChildren();
        }
    }

    private void output(JsonParser parser) throws IOException {
        int index = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_OBJECT) {
                items.put(index, item(parser));
            }
            parser.skipChildren();
            index++;
        }
    }

    private static Item item(JsonParser parser) throws IOException {
        Item item = new Item();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "type" -> item.type = textOr(parser, "");
                case "call_id" -> item.callId = textOr(parser, "");
                case "name" -> item.name = textOr(parser, "");
                case "arguments", "input" -> item.arguments.append(textOr(parser, ""));
                case "content" -> {
                    if (value == JsonToken.START_ARRAY) {
                        parts(parser, item);
                    }
                }
                default -> {}
            }
            parser.skipChildren();
        }
        return item;
    }

    private static void parts(JsonParser parser, Item item) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_OBJECT) {
                part(parser, item);
            }
            parser.skipChildren();
        }
    }

    private static void part(JsonParser parser, Item item) throws IOException {
        String type = "";
        String text = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "type" -> type = textOr(parser, "");
                case "text" -> text = textOr(parser, "");
                case "refusal" -> item.refusal.append(textOr(parser, ""));
                default -> {}
            }
            parser.skipChildren();
        }
        // What a model thought is no part of what it said.
        item.text.append(type.equals("output_text") ? text : "");
    }

    private static String textOr(JsonParser parser, String otherwise) throws IOException {
        return parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : otherwise;
    }

    /** One event as far as it is needed. */
    private static final class Piece {
        private String type = "";
        private int index;
        private String delta = "";
        private @Nullable Item item;
    }

    /** One item as far as it has come. */
    private static final class Item {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder refusal = new StringBuilder();
        private final StringBuilder arguments = new StringBuilder();
        private String type = "";
        private String callId = "";
        private String name = "";
    }
}
