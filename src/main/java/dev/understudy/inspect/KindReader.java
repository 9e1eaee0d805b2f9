package dev.understudy.inspect;

import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.ToolChoice;

/** Reads from the shape of a request what kind of errand it is. */
final class KindReader {
    private static final int LABEL_TOKENS = 16;

    private KindReader() {}

    /**
     * @param maxSlmTools most tools that any small model takes; 0 when there is none
     * @param instructions characters of the prompt that the agent's author wrote
     */
    static Reasoned<Kind> read(Call call, Caller caller, Phase phase, int maxSlmTools, int instructions) {
        int tools = call.tools().size();
        ResponseFormat format = call.responseFormat();
        if (caller.human()) {
            return new Reasoned<>(Kind.CHAT, "people type through this app");
        }
        boolean text = format.type() == ResponseFormat.Type.TEXT;
        if (call.stream() && tools == 0 && text && instructions < Inspector.TINY_PROMPT) {
            return new Reasoned<>(Kind.CHAT, "a stream of text, no tools, hardly a system prompt");
        }
        String effort = call.reasoningEffort();
        if (effort != null && (effort.equals("high") || effort.equals("xhigh"))) {
            return new Reasoned<>(Kind.DECIDE, "high reasoning effort is asked");
        }
        if (maxSlmTools > 0 && tools > maxSlmTools) {
            return new Reasoned<>(Kind.DECIDE, "more tools than any small model takes");
        }
        if (tools > 0 && !(call.toolChoice() instanceof ToolChoice.None) && phase != Phase.FINAL_ANSWER) {
            return new Reasoned<>(Kind.TOOL_CALL, "tools may be called");
        }
        if (format.type() == ResponseFormat.Type.JSON_SCHEMA) {
            return format.leavesClosed()
                    ? new Reasoned<>(Kind.CLASSIFY, "every leaf of the schema is closed")
                    : new Reasoned<>(Kind.EXTRACT, "a JSON schema is asked");
        }
        Integer most = call.maxTokens();
        if (text && most != null && most <= LABEL_TOKENS) {
            return new Reasoned<>(Kind.CLASSIFY, "at most 16 tokens of text are asked");
        }
        if (format.type() == ResponseFormat.Type.JSON_OBJECT) {
            return new Reasoned<>(Kind.GENERATE, "a JSON object of any shape is asked");
        }
        return new Reasoned<>(Kind.ANSWER, "text is asked");
    }
}
