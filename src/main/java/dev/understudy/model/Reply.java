package dev.understudy.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A small model's answer, for the checks that it must pass.
 *
 * @param content text, or null
 * @param calls tool calls, in order
 * @param finish {@code stop}, {@code length} or {@code tool_calls}
 * @param unparsed why the raw text could not be read strictly, or null when it could
 */
public record Reply(
        @Nullable String content,
        List<ToolCall> calls,
        String finish,
        @Nullable String unparsed) {
    public Reply {
        calls = List.copyOf(calls);
    }

    /**
     * One call of a tool.
     *
     * @param arguments JSON text
     */
    public record ToolCall(String id, String name, String arguments) {}
}
