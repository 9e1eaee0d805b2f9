package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells a whole JSON response as the stream that its caller had asked for: each item at once, then the last event. Fed to
 * {@link ResponsesEvents}, which puts in the events that stand between.
 */
public final class ResponseReplay {
    private final byte[] json;
    private final StringBuilder out;
    private final List<Span> items = new ArrayList<>();
    private String id = "";
    private String model = "";
    private long createdAt;
    private String status = "completed";
    private int number;

    private ResponseReplay(byte[] json) {
        this.json = json;
        this.out = new StringBuilder(2 * json.length + 1_024);
    }

    /**
     * The events of a response.
     *
     * @param document one that {@link ResponseDocument} has read
     */
    public static Buffer events(Buffer document) {
        ResponseReplay replay = new ResponseReplay(document.getBytes());
        try (JsonParser parser = UpstreamJson.open(replay.json, 0, replay.json.length)) {
            replay.read(parser);
            replay.write();
        } catch (IOException e) {
            throw new IllegalStateException("the document was read before and is valid", e);
        }
        return Buffer.buffer(replay.out.toString());
    }

    private void read(JsonParser parser) throws IOException {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("id") && value == JsonToken.VALUE_STRING) {
                id = parser.getText();
            } else if (name.equals("status") && value == JsonToken.VALUE_STRING) {
                status = parser.getText();
            } else if (name.equals("model") && value == JsonToken.VALUE_STRING) {
                model = parser.getText();
            } else if (name.equals("created_at") && value.isNumeric()) {
                createdAt = parser.getLongValue();
            } else if (name.equals("output") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    items.add(span(parser));
                }
            }
            parser.skipChildren();
        }
    }

    private void write() throws IOException {
        begin("response.created");
        JsonText.quote(out.append(",\"response\":{\"id\":"), id);
        JsonText.quote(out.append(",\"object\":\"response\",\"model\":"), model);
        out.append(",\"created_at\":").append(createdAt).append(",\"status\":\"in_progress\",\"output\":[]}");
        end();
        for (int i = 0; i < items.size(); i++) {
            item(i, items.get(i));
        }
        // What is neither is a response that goes on in the background, and has no last event yet.
        String last = status.equals("incomplete") || status.equals("failed") ? status : "completed";
        begin("response." + last);
        out.append(",\"response\":").append(text(new Span(0, json.length)));
        end();
    }

    private void item(int index, Span item) throws IOException {
        try (JsonParser parser = UpstreamJson.open(json, item.start(), item.end())) {
            String itemId = idOf(item);
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean content = parser.currentName().equals("content");
                if (parser.nextToken() == JsonToken.START_ARRAY && content) {
                    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
                        if (parser.currentToken() == JsonToken.START_OBJECT) {
                            part(parser, index, i, itemId);
                        }
                        parser.skipChildren();
                    }
                }
                parser.skipChildren();
            }
        }
        begin("response.output_item.done");
        out.append(",\"output_index\":").append(index).append(",\"item\":").append(text(item));
        end();
    }

    /** The item's id; null when it has none. */
    private @Nullable String idOf(Span item) throws IOException {
        try (JsonParser parser = UpstreamJson.open(json, item.start(), item.end())) {
            parser.nextToken();
            ResponseItem read = new ResponseItem();
            read.read(parser, item.start());
            return read.id();
        }
    }

    private void part(JsonParser parser, int index, int contentIndex, @Nullable String itemId) throws IOException {
        String type = "";
        String text = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
            type = isText && name.equals("type") ? parser.getText() : type;
            text = isText && (name.equals("text") || name.equals("refusal")) ? parser.getText() : text;
            parser.skipChildren();
        }
        switch (type) {
            case "output_text" -> piece("response.output_text", "text", index, contentIndex, itemId, text);
            case "refusal" -> piece("response.refusal", "refusal", index, contentIndex, itemId, text);
            default -> {}
        }
    }

    private void piece(String type, String member, int index, int contentIndex, @Nullable String itemId, String text) {
        place(type + ".delta", index, contentIndex, itemId);
        JsonText.quote(out.append(",\"delta\":"), text);
        end();
        place(type + ".done", index, contentIndex, itemId);
        JsonText.quote(out.append(",\"").append(member).append("\":"), text);
        end();
    }

    private void place(String type, int index, int contentIndex, @Nullable String itemId) {
        begin(type);
        if (itemId != null) {
            JsonText.quote(out.append(",\"item_id\":"), itemId);
        }
        out.append(",\"output_index\":")
                .append(index)
                .append(",\"content_index\":")
                .append(contentIndex);
    }

    private void begin(String type) {
        out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
        out.append("\",\"sequence_number\":").append(number++);
    }

    private void end() {
        out.append("}\n\n");
    }

    /** The value that the parser stands on, which is skipped. */
    private static Span span(JsonParser parser) throws IOException {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        return new Span(start, (int) parser.currentLocation().getByteOffset());
    }

    /** A stretch of the document on one line: a line break between two tokens says nothing. */
    private String text(Span span) {
        return new String(json, span.start(), span.length(), StandardCharsets.UTF_8)
                .replace('\n', ' ')
                .replace('\r', ' ');
    }
}
