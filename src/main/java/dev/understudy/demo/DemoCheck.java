package dev.understudy.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Reads an answer as the demo agent's code would, and holds it against the truth. */
final class DemoCheck {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;
    private static final int LONGEST_SHOWN = 200;

    private DemoCheck() {}

    /**
     * The assistant's message of a whole answer; an empty object for a stream that ended well.
     *
     * @throws IllegalStateException with what the agent was told, if it is no usable answer
     */
    static ObjectNode message(int status, String body, boolean stream) {
        if (status != OK) {
            throw new IllegalStateException("status " + status + ": " + said(body));
        }
        if (stream) {
            if (body.contains("event: error") || !body.endsWith("data: [DONE]\n\n")) {
                throw new IllegalStateException("a stream broke off");
            }
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            if (JSON.readTree(body).at("/choices/0/message") instanceof ObjectNode message) {
                return message;
            }
            throw new IllegalStateException("an answer without a message");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer that is no JSON", e);
        }
    }

    /** Whether the message is true in every value; empty for errands whose truth is a free text. */
    static Optional<Boolean> right(DemoCall call, ObjectNode message) {
        return switch (call.truth()) {
            case DemoTruth.Call truth -> Optional.of(calls(message, truth.name(), truth.arguments()));
            case DemoTruth.Loop truth -> Optional.of(calls(message, truth.name(), truth.arguments()));
            case DemoTruth.Json truth -> Optional.of(truth.content().equals(parsed(message.path("content"))));
            case DemoTruth.Text truth -> Optional.empty();
        };
    }

    private static boolean calls(ObjectNode message, String name, ObjectNode arguments) {
        JsonNode calls = message.path("tool_calls");
        return calls.size() == 1
                && calls.at("/0/function/name").asText().equals(name)
                && arguments.equals(parsed(calls.at("/0/function/arguments")));
    }

    private static JsonNode parsed(JsonNode text) {
        try {
            return JSON.readTree(text.asText());
        } catch (JsonProcessingException e) {
            // No JSON is simply not the truth.
            return JsonNodeFactory.instance.nullNode();
        }
    }

    private static String said(String body) {
        String message = "";
        try {
            message = JSON.readTree(body).at("/error/message").asText();
        } catch (JsonProcessingException e) {
            // Not the error shape: the beginning of the body has to do.
        }
        String shown = message.isEmpty() ? body : message;
        return shown.length() > LONGEST_SHOWN ? shown.substring(0, LONGEST_SHOWN) + "..." : shown;
    }
}
