package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Responses API in terms of the chat API: reads its requests as conversations, and remembers what was said, so that
 * {@code previous_response_id} goes on from there. Confined to one event loop.
 */
final class ResponseBook {
    private static final int REMEMBERED = 1_000;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Map<String, Kept> kept = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** One answered request: the conversation up to and with its answer, and the answer. */
    private record Kept(ArrayNode messages, String document) {}

    /** Whether the request goes on from a response that is not remembered. */
    boolean isLost(JsonNode asked) {
        JsonNode previous = asked.path("previous_response_id");
        return previous.isTextual() && !kept.containsKey(previous.asText());
    }

    /** The same question as a request of the chat API. */
    ObjectNode asChat(JsonNode asked) {
        ObjectNode chat = JSON.objectNode();
        ArrayNode messages = chat.putArray("messages");
        if (asked.path("instructions").isTextual()) {
            messages.addObject().put("role", "system").set("content", asked.get("instructions"));
        }
        Kept before = kept.get(asked.path("previous_response_id").asText());
        if (before != null) {
            messages.addAll(before.messages());
        }
        JsonNode input = asked.path("input");
        if (input.isTextual()) {
            messages.addObject().put("role", "user").set("content", input);
        }
        for (JsonNode item : input) {
            add(messages, item);
        }
        for (JsonNode tool : asked.path("tools")) {
            if (tool.path("type").asText().equals("function")) {
                chat.withArray("tools").addObject().put("type", "function").set("function", tool);
            }
        }
        JsonNode choice = asked.path("tool_choice");
        if (choice.isObject()) {
            chat.putObject("tool_choice").put("type", "function").set("function", choice);
        } else if (choice.isTextual()) {
            chat.set("tool_choice", choice);
        }
        JsonNode format = asked.at("/text/format");
        if (format.isObject()) {
            chat.putObject("response_format")
                    .put("type", format.path("type").asText())
                    .set("json_schema", format);
        }
        if (asked.path("max_output_tokens").isNumber()) {
            chat.set("max_completion_tokens", asked.get("max_output_tokens"));
        }
        return chat;
    }

    private static void add(ArrayNode messages, JsonNode item) {
        switch (item.path("type").asText("message")) {
            case "message" ->
                messages.addObject().put("role", item.path("role").asText()).set("content", item.path("content"));
            case "function_call_output" ->
                messages.addObject()
                        .put("role", "tool")
                        .put("tool_call_id", item.path("call_id").asText())
                        .set("content", item.path("output"));
            case "function_call" ->
                messages.addObject()
                        .put("role", "assistant")
                        .putArray("tool_calls")
                        .addObject()
                        .put("id", item.path("call_id").asText())
                        .put("type", "function")
                        .set("function", item);
            default -> {
                // Reasoning, references and hosted tools do not change the answer.
            }
        }
    }

    /** Remembers an answer, unless its request forbids that. */
    void keep(JsonNode asked, ObjectNode chat, ResponseText text) {
        if (asked.path("store").asBoolean(true)) {
            ArrayNode messages = JSON.arrayNode();
            for (JsonNode message : chat.path("messages")) {
                if (!message.path("role").asText().equals("system")) {
                    messages.add(message);
                }
            }
            messages.addObject()
                    .put("role", "assistant")
                    .put("content", text.answer().content());
            kept.put(text.id(), new Kept(messages, text.document()));
        }
    }

    /** The document of a response; null when it is not remembered. */
    @Nullable
    String document(String id) {
        Kept found = kept.get(id);
        return found == null ? null : found.document();
    }

    /** Forgets a response; false when it is not remembered. */
    boolean forget(String id) {
        return kept.remove(id) != null;
    }
}
