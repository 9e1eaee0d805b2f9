package dev.understudy.verify;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The tool calls that a prompt tells of: their arguments are a part of it, too. */
final class EarlierCalls {
    // names come from outside: a table of all of them would only grow
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private EarlierCalls() {}

    /** The arguments of a message's calls, as JSON texts; those that can be read. */
    static List<String> arguments(Call call, Message message) {
        List<String> found = new ArrayList<>(message.toolNames().size());
        try (JsonParser parser = JSON.createParser(
                call.body(), message.span().start(), message.span().length())) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.FIELD_NAME
                        && parser.currentName().equals("arguments")
                        && parser.nextToken() == JsonToken.VALUE_STRING) {
                    found.add(parser.getText());
                }
            }
        } catch (IOException e) {
            // the body was read before; what this reader alone refuses is simply not in the prompt
            return found;
        }
        return found;
    }
}
