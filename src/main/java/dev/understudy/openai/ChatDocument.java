package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's whole JSON answer, checked: it is a chat completion and not an error under 200.
 *
 * @param bytes as they go to the client: the upstream's, but for an {@code "error":null}
 * @param finish finish reason of the first choice, or null
 * @param usage reported; {@link TokenCount#NONE} when none came or it cannot be true
 * @param contentCharacters of all choices, to estimate by where no usage is reported
 */
public record ChatDocument(Buffer bytes, @Nullable String finish, TokenCount usage, int contentCharacters) {

    /**
     * Reads an answer.
     *
     * @throws ApiFailure {@code upstream_malformed_response} when it is not JSON, an error, or has no choices
     */
    public static ChatDocument read(Buffer body) throws ApiFailure {
        byte[] bytes = body.getBytes();
        Reading reading = new Reading();
        try (JsonParser parser = UpstreamJson.open(bytes, 0, bytes.length)) {
            reading.document(parser, bytes);
        } catch (IOException e) {
            throw UpstreamJson.malformed("sent an answer that is not JSON");
        }
        if (!reading.choices) {
            throw UpstreamJson.malformed("sent an answer without choices");
        }
        Buffer sent = reading.edits.isEmpty() ? body : Buffer.buffer(reading.edits.apply(bytes, 0, bytes.length));
        return new ChatDocument(sent, reading.finish, reading.usage, reading.characters);
    }

    /** One pass over the bytes. */
    private static final class Reading {
        private final Edits edits = new Edits();
        private boolean choices;
        private @Nullable String finish;
        private TokenCount usage = TokenCount.NONE;
        private int characters;

        private void document(JsonParser parser, byte[] bytes) throws IOException, ApiFailure {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw UpstreamJson.malformed("sent an answer that is not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                int member = (int) parser.currentTokenLocation().getByteOffset();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "choices" -> choices(parser, value);
                    case "usage" -> usage = value == JsonToken.START_OBJECT ? UsageReader.read(parser) : usage;
                    case "error" -> {
                        if (value != JsonToken.VALUE_NULL) {
                            throw UpstreamJson.malformed("answered with an error under a status of success");
                        }
                        int end = (int) parser.currentLocation().getByteOffset();
                        edits.removeMember(bytes, member, end, 0);
                    }
                    default -> parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw UpstreamJson.malformed("sent more than one JSON document");
            }
        }

        private void choices(JsonParser parser, JsonToken value) throws IOException {
            if (value != JsonToken.START_ARRAY) {
                parser.skipChildren();
                return;
            }
            choices = true;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.START_OBJECT) {
                    choice(parser);
                }
                parser.skipChildren();
            }
        }

        private void choice(JsonParser parser) throws IOException {
            String reason = null;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
                    reason = parser.getText();
                } else if (name.equals("message") && value == JsonToken.START_OBJECT) {
                    count(parser);
                }
                parser.skipChildren();
            }
            finish = finish == null ? reason : finish;
        }

        /** Counts the characters of a message's values, whatever their names: all of them were generated. */
        private void count(JsonParser parser) throws IOException {
            int depth = 1;
            while (depth > 0) {
                JsonToken token = parser.nextToken();
                if (token == JsonToken.VALUE_STRING) {
                    characters = (int) Math.min(Integer.MAX_VALUE, (long) characters + parser.getTextLength());
                } else if (token.isStructStart()) {
                    depth++;
                } else if (token.isStructEnd()) {
                    depth--;
                }
            }
        }
    }
}
