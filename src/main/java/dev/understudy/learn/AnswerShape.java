package dev.understudy.learn;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.understudy.call.Call;
import dev.understudy.call.Span;
import dev.understudy.call.Tool;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a call says about the answer that it wants: the schemas by which values are compared.
 *
 * @param tools name of a function to the schema of its arguments; a missing node where it has none
 * @param format the response schema; a missing node without one
 */
record AnswerShape(Map<String, JsonNode> tools, JsonNode format) {
    private static final ObjectMapper JSON = new ObjectMapper();

    AnswerShape {
        tools = Map.copyOf(tools);
    }

    /** The shape that a call asks for. What is no JSON counts as no schema. */
    static AnswerShape of(Call call) {
        Map<String, JsonNode> tools = new HashMap<>();
        for (Tool tool : call.tools()) {
            if (tool.isFunction()) {
                tools.put(tool.name(), read(call, tool.parameters()));
            }
        }
        return new AnswerShape(tools, read(call, call.responseFormat().schema()));
    }

    /** The schema of a function's arguments; a missing node when it has none or is not offered. */
    JsonNode tool(String name) {
        return tools.getOrDefault(name, MissingNode.getInstance());
    }

    private static JsonNode read(Call call, @Nullable Span span) {
        if (span == null) {
            return MissingNode.getInstance();
        }
        try {
            return JSON.readTree(new String(call.body(), span.start(), span.length(), StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
