package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.References;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers what a request names that only the upstream which made it can resolve. */
final class ReferenceReader {
    private final List<String> items = new ArrayList<>(0);
    private final List<String> files = new ArrayList<>(0);
    private final List<String> encrypted = new ArrayList<>(0);
    private @Nullable String previousResponse;
    private @Nullable String conversation;

    void item(String id) {
        items.add(id);
    }

    void file(String id) {
        files.add(id);
    }

    void encrypted(String content) {
        encrypted.add(content);
    }

    void previousResponse(String id) {
        previousResponse = id;
    }

    /** Reads the conversation that the parser stands on: its id, or an object that has it. */
    void conversation(JsonParser parser) throws IOException, ApiFailure {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
            conversation = parser.getText();
            return;
        }
        int keys = 0;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            StrictJson.count(++keys, parser);
            boolean id = parser.currentName().equals("id");
            if (parser.nextToken() == JsonToken.VALUE_STRING && id) {
                conversation = parser.getText();
            }
            StrictJson.skip(parser);
        }
    }

    References references() {
        boolean none = previousResponse == null && conversation == null;
        return none && items.isEmpty() && files.isEmpty() && encrypted.isEmpty()
                ? References.NONE
                : new References(previousResponse, conversation, items, files, encrypted);
    }
}
