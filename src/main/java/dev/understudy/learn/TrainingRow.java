package dev.understudy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One example: what was asked, and the answer to learn.
 *
 * @param prompt the messages, as in a request
 * @param answer the assistant's message: {@code content}, or {@code tool_calls} whose arguments are objects
 * @param tools the tools on offer, perhaps none
 * @param request other fields of the call: {@code model}, {@code tool_choice}, {@code response_format}
 */
record TrainingRow(ArrayNode prompt, ObjectNode answer, ArrayNode tools, ObjectNode request) {

    /** The request that the row answers, for {@code /v1/chat/completions}. A copy. */
    ObjectNode call() {
        ObjectNode body = request.deepCopy();
        body.set("messages", prompt.deepCopy());
        if (!tools.isEmpty()) {
            body.set("tools", tools);
        }
        return body;
    }

    /** The same conversation with an answer and one more message of the user behind it. */
    ObjectNode answered(ObjectNode message, String next) {
        ObjectNode body = call();
        ArrayNode messages = body.withArray("messages");
        messages.add(onTheWire(message));
        messages.addObject().put("role", "user").put("content", next);
        return body;
    }

    /** Requests carry arguments as a string, and calls with an id. */
    private static ObjectNode onTheWire(ObjectNode message) {
        ObjectNode copy = message.deepCopy();
        int number = 0;
        for (JsonNode call : copy.path("tool_calls")) {
            ObjectNode function = (ObjectNode) call.path("function");
            function.put("arguments", function.path("arguments").toString());
            ((ObjectNode) call).put("type", "function").put("id", "call_" + number);
            number++;
        }
        if (!copy.has("content")) {
            copy.set("content", JsonNodeFactory.instance.nullNode());
        }
        return copy;
    }
}
