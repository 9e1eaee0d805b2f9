package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One answer in the shapes of the chat API: a {@code chat.completion} document, or the events of a stream.
 *
 * @param id the same in all chunks
 * @param created seconds since 1970
 */
record CompletionText(String id, long created, ScriptedAnswer answer, int promptTokens) implements AnswerText {

    /** The model that all answers name, so that nobody takes them for a real one's. */
    static final String MODEL = "scripted";

    private static final int FRAGMENT = 4;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    @Override
    public String document() {
        ObjectNode document = head("chat.completion");
        ObjectNode choice = document.putArray("choices").addObject().put("index", 0);
        ObjectNode message = choice.putObject("message")
                .put("role", "assistant")
                .put("content", answer.content())
                .putNull("refusal");
        if (!answer.calls().isEmpty()) {
            var calls = message.putArray("tool_calls");
            for (ScriptedAnswer.ToolCall call : answer.calls()) {
                calls.addObject()
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", call.name())
                        .put("arguments", call.arguments());
            }
        }
        choice.putNull("logprobs").put("finish_reason", answer.finish());
        document.set("usage", usage());
        return document.toString();
    }

    /** The events in order, {@code [DONE]} last; each is one whole {@code data:} line with its blank line. */
    @Override
    public List<String> events(boolean withUsage) {
        List<String> events = new ArrayList<>();
        events.add(chunk(
                JSON.objectNode().put("role", "assistant").put("content", "").putNull("refusal"), null, withUsage));
        String content = answer.content();
        if (content != null) {
            for (String piece : fragments(content)) {
                events.add(chunk(JSON.objectNode().put("content", piece), null, withUsage));
            }
        }
        for (int i = 0; i < answer.calls().size(); i++) {
            ScriptedAnswer.ToolCall call = answer.calls().get(i);
            ObjectNode opening = toolDelta(i, "");
            ((ObjectNode) opening.at("/tool_calls/0")).put("id", call.id()).put("type", "function");
            ((ObjectNode) opening.at("/tool_calls/0/function")).put("name", call.name());
            events.add(chunk(opening, null, withUsage));
            for (String piece : fragments(call.arguments())) {
                events.add(chunk(toolDelta(i, piece), null, withUsage));
            }
        }
        events.add(chunk(JSON.objectNode(), answer.finish(), withUsage));
        if (withUsage) {
            ObjectNode last = head("chat.completion.chunk");
            last.putArray("choices");
            last.set("usage", usage());
            events.add("data: " + last + "\n\n");
        }
        events.add("data: [DONE]\n\n");
        return events;
    }

    private ObjectNode toolDelta(int index, String arguments) {
        ObjectNode delta = JSON.objectNode();
        delta.putArray("tool_calls")
                .addObject()
                .put("index", index)
                .putObject("function")
                .put("arguments", arguments);
        return delta;
    }

    private String chunk(ObjectNode delta, @Nullable String finish, boolean withUsage) {
        ObjectNode chunk = head("chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
        choice.set("delta", delta);
        choice.putNull("logprobs").put("finish_reason", finish);
        if (withUsage) {
            chunk.putNull("usage");
        }
        return "data: " + chunk + "\n\n";
    }

    private ObjectNode head(String object) {
        return JSON.objectNode()
                .put("id", id)
                .put("object", object)
                .put("created", created)
                .put("model", MODEL)
                .put("system_fingerprint", MODEL);
    }

    private ObjectNode usage() {
        ObjectNode usage = JSON.objectNode()
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", answer.tokens())
                .put("total_tokens", promptTokens + answer.tokens());
        usage.putObject("prompt_tokens_details").put("cached_tokens", 0);
        return usage;
    }

    /** Pieces of about a token; a surrogate pair stays whole. */
    static List<String> fragments(String text) {
        List<String> pieces = new ArrayList<>();
        for (int from = 0; from < text.length(); ) {
            int to = Math.min(text.length(), from + FRAGMENT);
            if (to < text.length() && Character.isLowSurrogate(text.charAt(to))) {
                to++;
            }
            pieces.add(text.substring(from, to));
            from = to;
        }
        return pieces;
    }
}
