package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * What the scripted upstream looks at in a request.
 *
 * @param message the text of the last user message, empty if there is none
 * @param result the content of the tool message that ends the conversation, empty if none does
 * @param hasResult whether a tool message ends it
 * @param schema the schema that the answer must have, if one is asked for
 */
record Conversation(String message, String result, boolean hasResult, Optional<JsonNode> schema) {

    static Conversation of(JsonNode request) {
        String message = "";
        String result = "";
        boolean hasResult = false;
        for (JsonNode turn : request.path("messages")) {
            hasResult = false;
            switch (turn.path("role").asText()) {
                case "user" -> message = text(turn.path("content"));
                case "tool", "function" -> {
                    result = text(turn.path("content"));
                    hasResult = true;
                }
                default -> {
                    // What the system and the assistant said does not change the answer.
                }
            }
        }
        JsonNode schema = request.at("/response_format/json_schema/schema");
        return new Conversation(message, result, hasResult, schema.isObject() ? Optional.of(schema) : Optional.empty());
    }

    /** Tells apart what would get different answers. */
    String key() {
        return hasResult ? message + "\n" + result : message;
    }

    /** A content that is a string, or the text parts of one that is a list. */
    private static String text(JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        var joined = new StringBuilder();
        for (JsonNode part : content) {
            joined.append(part.path("text").asText());
        }
        return joined.toString();
    }
}
