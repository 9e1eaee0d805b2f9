package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads an answer back from the bytes that left for the client. What cannot be read is left out; nothing is thrown. */
public final class AnswerReader {
    private @Nullable StringBuilder content;
    private @Nullable StringBuilder refusal;
    private final List<PartialCall> calls = new ArrayList<>();
    private @Nullable String finish;
    private TokenCount usage = TokenCount.NONE;

    private AnswerReader() {}

    /** Reads one answer; of a stream that broke off, as much as came. */
    public static Answer read(AnswerBytes answer) {
        return switch (answer.api()) {
            case CHAT, OTHER -> chat(answer);
            case RESPONSES ->
                answer.stream() ? ResponseAnswer.ofStream(answer.bytes()) : ResponseAnswer.ofDocument(answer.bytes());
        };
    }

    /**
     * The answer as the one document that it amounts to: of a stream of the Responses API the response that its last event
     * tells. Null where only {@link #read} can say what it amounts to.
     */
    public static byte @Nullable [] document(AnswerBytes answer) {
        if (!answer.stream()) {
            return answer.bytes();
        }
        return answer.api() == Api.RESPONSES ? ResponseAnswer.lastResponse(answer.bytes()) : null;
    }

    private static Answer chat(AnswerBytes answer) {
        AnswerReader reader = new AnswerReader();
        if (answer.stream()) {
            try {
                new EventScanner((bytes, from, to, plain) -> reader.event(
                                EventLines.of(bytes, from, to, false).frame()))
                        .feed(Buffer.buffer(answer.bytes()));
            } catch (ApiFailure e) {
                // An event over the limit: what came before it is the answer.
                return reader.answer();
            }
        } else {
            reader.json(answer.bytes(), 0);
        }
        return reader.answer();
    }

    private Answer answer() {
        List<Reply.ToolCall> made = new ArrayList<>();
        for (PartialCall call : calls) {
            made.add(new Reply.ToolCall(call.id, call.name, call.arguments.toString()));
        }
        // A stream that calls tools opens with an empty text, which says nothing.
        boolean silent = content == null || (content.isEmpty() && !made.isEmpty());
        return new Answer(
                silent ? null : String.valueOf(content),
                refusal == null ? null : refusal.toString(),
                made,
                finish,
                usage);
    }

    private void event(byte[] frame) {
        int start = "data: ".length();
        if (frame.length > start && frame[start] == '{') {
            json(frame, start);
        }
    }

    private void json(byte[] bytes, int from) {
        try (JsonParser parser = UpstreamJson.open(bytes, from, bytes.length)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                members(parser);
            }
        } catch (IOException e) {
            // Cut or broken: what was read before stands.
            return;
        }
    }

    private void members(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("choices") && value == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    if (parser.currentToken() == JsonToken.START_OBJECT) {
                        choice(parser);
                    }
                    parser.skipChildren();
                }
            } else if (name.equals("usage") && value == JsonToken.START_OBJECT) {
                usage = UsageReader.read(parser);
            }
            parser.skipChildren();
        }
    }

    /** Reads a choice; what is in another than the first is passed over. The index stands first in practice. */
    private void choice(JsonParser parser) throws IOException {
        boolean first = true;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("index") && value == JsonToken.VALUE_NUMBER_INT) {
                first = parser.getIntValue() == 0;
            } else if (first && name.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
                finish = parser.getText();
            } else if (first && (name.equals("delta") || name.equals("message")) && value == JsonToken.START_OBJECT) {
                message(parser);
            }
            parser.skipChildren();
        }
    }

    private void message(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (value == JsonToken.VALUE_STRING && name.equals("content")) {
                content = (content == null ? new StringBuilder() : content).append(parser.getText());
            } else if (value == JsonToken.VALUE_STRING && name.equals("refusal")) {
                refusal = (refusal == null ? new StringBuilder() : refusal).append(parser.getText());
            } else if (value == JsonToken.START_ARRAY && name.equals("tool_calls")) {
                int position = 0;
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    if (parser.currentToken() == JsonToken.START_OBJECT) {
                        toolCall(parser, position++);
                    }
                    parser.skipChildren();
                }
            }
            parser.skipChildren();
        }
    }

    private void toolCall(JsonParser parser, int position) throws IOException {
        int index = position;
        String id = "";
        String called = "";
        String arguments = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("index") && value == JsonToken.VALUE_NUMBER_INT) {
                index = parser.getIntValue();
            } else if (name.equals("id") && value == JsonToken.VALUE_STRING) {
                id = parser.getText();
            } else if ((name.equals("function") || name.equals("custom")) && value == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String part = parser.currentName();
                    if (parser.nextToken() == JsonToken.VALUE_STRING) {
                        called = part.equals("name") ? parser.getText() : called;
                        boolean input = part.equals("arguments") || part.equals("input");
                        arguments = input ? parser.getText() : arguments;
                    }
                    parser.skipChildren();
                }
            }
            parser.skipChildren();
        }
        add(index, id, called, arguments);
    }

    private void add(int index, String id, String name, String arguments) {
        PartialCall call = null;
        for (PartialCall known : calls) {
            call = known.index == index ? known : call;
        }
        if (call == null) {
            call = new PartialCall(index);
            calls.add(call);
        }
        call.id = id.isEmpty() ? call.id : id;
        call.name = name.isEmpty() ? call.name : name;
        call.arguments.append(arguments);
    }

    /** A call as far as its pieces have come. */
    private static final class PartialCall {
        private final int index;
        private final StringBuilder arguments = new StringBuilder();
        private String id = "";
        private String name = "";

        private PartialCall(int index) {
            this.index = index;
        }
    }
}
