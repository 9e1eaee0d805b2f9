package dev.understudy.openai;

import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import dev.understudy.model.Reply;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a small model's answer as OpenAI would: chunks in this order, or one document. The constants of a stream ({@code
 * id}, {@code created}, {@code model}, {@code system_fingerprint}) are given once.
 *
 * <p>Order of a stream: {@link #role()}; text, or for each call its opening and its arguments; {@link #finish}; {@link
 * #usage} where it was asked for; {@link #done()}.
 */
public final class ChatWriter {
    private static final Buffer DONE = Buffer.buffer("data: [DONE]\n\n");

    private final String id;
    private final String constants;
    private final boolean usageAsked;

    /**
     * @param id {@code chatcmpl-...}
     * @param created seconds since 1970
     * @param model name of the small model
     * @param fingerprint short hash of weights and adapter
     * @param usageAsked whether the caller asked for a usage chunk
     */
    public ChatWriter(String id, long created, String model, String fingerprint, boolean usageAsked) {
        StringBuilder text = new StringBuilder(160);
        JsonText.quote(text.append("\"id\":"), id);
        this.id = text.append(",\"object\":\"").toString();
        text.setLength(0);
        JsonText.quote(text.append("\",\"created\":").append(created).append(",\"model\":"), model);
        JsonText.quote(text.append(",\"system_fingerprint\":"), fingerprint);
        this.constants = text.toString();
        this.usageAsked = usageAsked;
    }

    /** The first chunk: who speaks, and nothing yet. */
    public Frame role() {
        return chunk("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", null, Frame.Kind.LEADING);
    }

    /** A piece of text. */
    public Frame content(String text) {
        StringBuilder delta = new StringBuilder(text.length() + 32);
        JsonText.quote(delta.append("{\"content\":"), text);
        return chunk(delta.append('}'), null, Frame.Kind.CONTENT);
    }

    /** Opens a call of a tool; its arguments follow. */
    public Frame toolCall(int index, String id, String name) {
        StringBuilder delta =
                new StringBuilder(128).append("{\"tool_calls\":[{\"index\":").append(index);
        JsonText.quote(delta.append(",\"id\":"), id);
        JsonText.quote(delta.append(",\"type\":\"function\",\"function\":{\"name\":"), name);
        return chunk(delta.append(",\"arguments\":\"\"}}]}"), null, Frame.Kind.CONTENT);
    }

    /** A piece of the arguments of the call that was opened under this index. */
    public Frame arguments(int index, String fragment) {
        StringBuilder delta = new StringBuilder(fragment.length() + 64);
        delta.append("{\"tool_calls\":[{\"index\":").append(index).append(",\"function\":{\"arguments\":");
        JsonText.quote(delta, fragment);
        return chunk(delta.append("}}]}"), null, Frame.Kind.CONTENT);
    }

    /** The last chunk of the answer itself. */
    public Frame finish(String reason) {
        return chunk("{}", reason, Frame.Kind.CLOSING);
    }

    /** The usage chunk, for callers who asked for it. */
    public Frame usage(TokenCount tokens) {
        StringBuilder out = open("chat.completion.chunk", "data: {").append(",\"choices\":[],\"usage\":");
        appendUsage(out, tokens);
        return new Frame(Buffer.buffer(out.append("}\n\n").toString()), Frame.Kind.CLOSING);
    }

    /** The end mark. */
    public static Frame done() {
        return new Frame(DONE.copy(), Frame.Kind.CLOSING);
    }

    /** The whole answer as one document. */
    public Frame document(Reply reply, TokenCount tokens) {
        StringBuilder out = open("chat.completion", "{")
                .append(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
        JsonText.quoteOrNull(out, reply.content());
        out.append(",\"refusal\":null");
        appendCalls(out, reply.calls());
        JsonText.quote(out.append("},\"logprobs\":null,\"finish_reason\":"), reply.finish());
        appendUsage(out.append("}],\"usage\":"), tokens);
        return new Frame(Buffer.buffer(out.append('}').toString()), Frame.Kind.DOCUMENT);
    }

    private static void appendCalls(StringBuilder out, List<Reply.ToolCall> calls) {
        for (int i = 0; i < calls.size(); i++) {
            Reply.ToolCall call = calls.get(i);
            JsonText.quote(out.append(i == 0 ? ",\"tool_calls\":[{\"id\":" : ",{\"id\":"), call.id());
            JsonText.quote(out.append(",\"type\":\"function\",\"function\":{\"name\":"), call.name());
            JsonText.quote(out.append(",\"arguments\":"), call.arguments());
            out.append(i == calls.size() - 1 ? "}}]" : "}}");
        }
    }

    private Frame chunk(CharSequence delta, @Nullable String finish, Frame.Kind kind) {
        StringBuilder out = open("chat.completion.chunk", "data: {")
                .append(",\"choices\":[{\"index\":0,\"delta\":")
                .append(delta)
                .append(",\"logprobs\":null,\"finish_reason\":");
        JsonText.quoteOrNull(out, finish);
        out.append(usageAsked ? "}],\"usage\":null}\n\n" : "}]}\n\n");
        return new Frame(Buffer.buffer(out.toString()), kind);
    }

    private StringBuilder open(String object, String start) {
        return new StringBuilder(id.length() + constants.length() + 256)
                .append(start)
                .append(id)
                .append(object)
                .append(constants);
    }

    private static void appendUsage(StringBuilder out, TokenCount tokens) {
        out.append("{\"prompt_tokens\":")
                .append(tokens.input())
                .append(",\"completion_tokens\":")
                .append(tokens.output())
                .append(",\"total_tokens\":")
                .append((long) tokens.input() + tokens.output())
                .append(",\"prompt_tokens_details\":{\"cached_tokens\":")
                .append(tokens.cached())
                .append("}}");
    }
}
