package dev.understudy.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the scripted upstream says to one request: a text, or tool calls.
 *
 * @param errand the demo errand it was recognised as, or {@code other}
 * @param content the text; null when tools are called
 * @param calls the tools that are called
 * @param cut whether the text was ended by the token limit
 * @param otherwise whether the answer differs on purpose from what it would have been
 */
record ScriptedAnswer(String errand, @Nullable String content, List<ToolCall> calls, boolean cut, boolean otherwise) {

    /** The errand of a request that the demo did not generate. */
    static final String OTHER = "other";

    private static final int BYTES_PER_TOKEN = 4;

    /** One call; the arguments are the text of a JSON object. */
    record ToolCall(String id, String name, String arguments) {}

    ScriptedAnswer {
        calls = List.copyOf(calls);
        if (calls.isEmpty() == (content == null)) {
            throw new IllegalArgumentException("an answer must have either content or calls");
        }
    }

    /** Tokens of this answer by the scripted upstream's own measure. */
    int tokens() {
        int bytes = content == null ? 0 : content.length();
        for (ToolCall call : calls) {
            bytes += call.name().length() + call.arguments().length();
        }
        return tokens(bytes);
    }

    /** Tokens of so many characters: four to one, and at least one. */
    static int tokens(int characters) {
        return Math.max(1, (characters + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
    }

    String finish() {
        if (!calls.isEmpty()) {
            return "tool_calls";
        }
        return cut ? "length" : "stop";
    }

    /** The answer with its text ended after so many tokens, if it is longer. */
    ScriptedAnswer limited(int tokens) {
        if (content == null || tokens() <= tokens) {
            return this;
        }
        int end = tokens * BYTES_PER_TOKEN;
        if (Character.isLowSurrogate(content.charAt(end))) {
            end--;
        }
        return new ScriptedAnswer(errand, content.substring(0, end), calls, true, otherwise);
    }
}
