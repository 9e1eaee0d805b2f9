package dev.understudy.openai;

import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client would see of an answer's first choice.
 *
 * @param content text, or null
 * @param refusal text, or null
 * @param toolCalls in order
 * @param finish finish reason, or null when the answer broke off
 * @param usage as told; {@link TokenCount#NONE} when it was not
 */
public record Answer(
        @Nullable String content,
        @Nullable String refusal,
        List<Reply.ToolCall> toolCalls,
        @Nullable String finish,
        TokenCount usage) {
    public Answer {
        toolCalls = List.copyOf(toolCalls);
    }

    /** The record says how much it holds, never what. */
    @Override
    public String toString() {
        return "Answer[" + toolCalls.size() + " calls, finish " + finish + "]";
    }
}
