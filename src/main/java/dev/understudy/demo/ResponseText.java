package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer in the shapes of the Responses API: a {@code response} document, or the events of a stream.
 *
 * @param id of the response; those of its items end alike
 * @param created seconds since 1970
 * @param asked the request, of which a response tells a part again
 */
record ResponseText(String id, long created, JsonNode asked, ScriptedAnswer answer, int promptTokens)
        implements AnswerText {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    @Override
    public String document() {
        return whole().toString();
    }

    @Override
    public List<String> events(boolean withUsage) {
        Events events = new Events();
        events.add("response.created", JSON.objectNode().set("response", begun()));
        events.add("response.in_progress", JSON.objectNode().set("response", begun()));
        String content = answer.content();
        if (content != null) {
            message(events, content);
        }
        for (int i = 0; i < answer.calls().size(); i++) {
            call(events, i);
        }
        events.add(
                answer.cut() ? "response.incomplete" : "response.completed",
                JSON.objectNode().set("response", whole()));
        return events.all;
    }

    private void message(Events events, String content) {
        String item = itemId("msg", 0);
        ObjectNode opened = item(0);
        opened.put("status", "in_progress").putArray("content");
        events.add("response.output_item.added", output(0).set("item", opened));
        events.add(
                "response.content_part.added",
                output(0).put("item_id", item).put("content_index", 0).set("part", part("")));
        for (String piece : CompletionText.fragments(content)) {
            events.add(
                    "response.output_text.delta",
                    output(0)
                            .put("item_id", item)
                            .put("content_index", 0)
                            .put("delta", piece)
                            .set("logprobs", JSON.arrayNode()));
        }
        events.add(
                "response.output_text.done",
                output(0)
                        .put("item_id", item)
                        .put("content_index", 0)
                        .put("text", content)
                        .set("logprobs", JSON.arrayNode()));
        events.add(
                "response.content_part.done",
                output(0).put("item_id", item).put("content_index", 0).set("part", part(content)));
        events.add("response.output_item.done", output(0).set("item", item(0)));
    }

    private void call(Events events, int index) {
        String item = itemId("fc", index);
        ScriptedAnswer.ToolCall call = answer.calls().get(index);
        ObjectNode opened = item(index).put("status", "in_progress").put("arguments", "");
        events.add("response.output_item.added", output(index).set("item", opened));
        for (String piece : CompletionText.fragments(call.arguments())) {
            events.add(
                    "response.function_call_arguments.delta",
                    output(index).put("item_id", item).put("delta", piece));
        }
        events.add(
                "response.function_call_arguments.done",
                output(index).put("item_id", item).put("name", call.name()).put("arguments", call.arguments()));
        events.add("response.output_item.done", output(index).set("item", item(index)));
    }

    private ObjectNode begun() {
        return head("in_progress").putNull("usage");
    }

    private ObjectNode whole() {
        ObjectNode whole = head(answer.cut() ? "incomplete" : "completed");
        ArrayNode output = whole.withArray("output");
        int items = answer.calls().isEmpty() ? 1 : answer.calls().size();
        for (int i = 0; i < items; i++) {
            output.add(item(i));
        }
        if (answer.cut()) {
            whole.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        ObjectNode usage = whole.putObject("usage");
        usage.put("input_tokens", promptTokens)
                .putObject("input_tokens_details")
                .put("cached_tokens", 0);
        usage.put("output_tokens", answer.tokens())
                .putObject("output_tokens_details")
                .put("reasoning_tokens", 0);
        usage.put("total_tokens", promptTokens + answer.tokens());
        return whole;
    }

    private ObjectNode head(String status) {
        ObjectNode head = JSON.objectNode()
                .put("id", id)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status)
                .putNull("error")
                .putNull("incomplete_details");
        head.set("instructions", asked.path("instructions").isTextual() ? asked.path("instructions") : JSON.nullNode());
        head.put("model", CompletionText.MODEL).putArray("output");
        head.put("parallel_tool_calls", asked.path("parallel_tool_calls").asBoolean(true));
        head.put("previous_response_id", asked.path("previous_response_id").textValue());
        head.put("store", asked.path("store").asBoolean(true));
        head.set("text", asked.has("text") ? asked.get("text") : JSON.objectNode());
        head.set("tool_choice", asked.has("tool_choice") ? asked.get("tool_choice") : JSON.textNode("auto"));
        head.set("tools", asked.path("tools").isArray() ? asked.get("tools") : JSON.arrayNode());
        head.set("metadata", asked.path("metadata").isObject() ? asked.get("metadata") : JSON.objectNode());
        return head;
    }

    private ObjectNode item(int index) {
        if (answer.calls().isEmpty()) {
            ObjectNode item = JSON.objectNode()
                    .put("id", itemId("msg", index))
                    .put("type", "message")
                    .put("status", answer.cut() ? "incomplete" : "completed")
                    .put("role", "assistant");
            item.putArray("content").add(part(String.valueOf(answer.content())));
            return item;
        }
        ScriptedAnswer.ToolCall call = answer.calls().get(index);
        return JSON.objectNode()
                .put("id", itemId("fc", index))
                .put("type", "function_call")
                .put("status", "completed")
                .put("call_id", call.id())
                .put("name", call.name())
                .put("arguments", call.arguments());
    }

    private String itemId(String kind, int index) {
        return kind + id.substring(id.indexOf('_')) + "_" + index;
    }

    private static ObjectNode part(String text) {
        ObjectNode part = JSON.objectNode().put("type", "output_text").put("text", text);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    private static ObjectNode output(int index) {
        return JSON.objectNode().put("output_index", index);
    }

    /** Numbers events as they are added. */
    private static final class Events {
        private final List<String> all = new ArrayList<>();

        private void add(String type, JsonNode members) {
            ObjectNode event = JSON.objectNode().put("type", type).put("sequence_number", all.size());
            event.setAll((ObjectNode) members);
            all.add("event: " + type + "\ndata: " + event + "\n\n");
        }
    }
}
