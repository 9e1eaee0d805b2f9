package dev.understudy.call;

import java.util.List;

/**
 * One message of a call, in outline; of the Responses API one item of its input, or its instructions.
 *
 * @param role as sent: system, developer, user, assistant, tool, function, or anything else; of an item without one
 *     {@code tool} for a tool's result, else {@code assistant}
 * @param span the message object in the body
 * @param text all its text parts, decoded and joined; empty when it has none
 * @param partKinds kinds of its content parts as sent ({@code text}, {@code image_url}, ...); {@code text} for a plain
 *     string, empty for null content
 * @param toolCallIds ids of the calls that an assistant message makes, or the one that a tool message answers
 * @param toolNames names of the tools that an assistant message calls, in order
 * @param callsHash over names and arguments of those calls, to see a call made twice; 0 without
 * @param error whether a tool's result is flagged as an error
 */
public record Message(
        String role,
        Span span,
        String text,
        List<String> partKinds,
        List<String> toolCallIds,
        List<String> toolNames,
        int callsHash,
        boolean error) {
    public Message {
        partKinds = List.copyOf(partKinds);
        toolCallIds = List.copyOf(toolCallIds);
        toolNames = List.copyOf(toolNames);
    }

    /** Whether it carries the result of a tool call. */
    public boolean isToolResult() {
        return role.equals("tool") || role.equals("function");
    }

    /** Whether it is part of the prompt that the agent's author wrote. */
    public boolean isInstruction() {
        return role.equals("system") || role.equals("developer");
    }
}
