package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** Writes events of the Responses API that no model wrote: what an upstream left out, signs of life, failed ends. */
public final class ResponsesWriter {
    private ResponsesWriter() {}

    /** A sign of life, which repeats the number of the last event. */
    static Buffer keepAlive(long number) {
        return event("keepalive", number, "");
    }

    /**
     * The end of a stream that never began.
     *
     * @param id of a response that nobody keeps
     * @param createdAt seconds since 1970
     */
    public static Buffer failure(
            String id, long createdAt, String model, String code, String message, @Nullable String param) {
        return error(0, code, message, param).appendBuffer(failed(1, id, createdAt, model, code, message));
    }

    /**
     * An error twice: flat, as OpenAI's reference has it, and in an object, as its servers send it. Clients know one or the
     * other, and some take a stream for whole whose error they do not see.
     */
    static Buffer error(long number, @Nullable String code, String message, @Nullable String param) {
        StringBuilder out = new StringBuilder(320);
        told(out.append(','), code, message, param);
        told(out.append(",\"error\":{\"type\":\"server_error\","), code, message, param);
        return event("error", number, out.append('}'));
    }

    private static void told(StringBuilder out, @Nullable String code, String message, @Nullable String param) {
        JsonText.quoteOrNull(out.append("\"code\":"), code);
        JsonText.quote(out.append(",\"message\":"), message);
        JsonText.quoteOrNull(out.append(",\"param\":"), param);
    }

    static Buffer failed(long number, String id, long createdAt, String model, String code, String message) {
        StringBuilder out = new StringBuilder(512);
        JsonText.quote(out.append(",\"response\":{\"id\":"), id);
        out.append(",\"object\":\"response\",\"created_at\":").append(createdAt);
        JsonText.quote(out.append(",\"status\":\"failed\",\"error\":{\"code\":"), code);
        JsonText.quote(out.append(",\"message\":"), message);
        out.append("},\"incomplete_details\":null,\"instructions\":null,\"metadata\":{}");
        JsonText.quote(out.append(",\"model\":"), model);
        out.append(",\"output\":[],\"parallel_tool_calls\":true,\"previous_response_id\":null")
                .append(",\"temperature\":null,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":null,\"usage\":null}");
        return event("response.failed", number, out);
    }

    /** The announcement of an item of which no more is known than its kind; a function's call may tell its names. */
    static Buffer itemAdded(
            long number, int index, String id, String type, @Nullable String callId, @Nullable String name) {
        StringBuilder out = new StringBuilder(256);
        out.append(",\"output_index\":").append(index);
        JsonText.quote(out.append(",\"item\":{\"id\":"), id);
        JsonText.quote(out.append(",\"type\":"), type);
        out.append(",\"status\":\"in_progress\"");
        switch (type) {
            case "message" -> out.append(",\"role\":\"assistant\",\"content\":[]");
            case "reasoning" -> out.append(",\"summary\":[]");
            case "function_call", "custom_tool_call" -> {
                JsonText.quote(out.append(",\"call_id\":"), callId == null ? id : callId);
                JsonText.quote(out.append(",\"name\":"), name == null ? "" : name);
                out.append(type.equals("function_call") ? ",\"arguments\":\"\"" : ",\"input\":\"\"");
            }
            default -> {}
        }
        return event("response.output_item.added", number, out.append('}'));
    }

    static Buffer partAdded(long number, int index, int contentIndex, String id, boolean refusal) {
        StringBuilder out = at(index, id).append(",\"content_index\":").append(contentIndex);
        out.append(
                refusal
                        ? ",\"part\":{\"type\":\"refusal\",\"refusal\":\"\"}"
                        : ",\"part\":{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"\"}");
        return event("response.content_part.added", number, out);
    }

    static Buffer argumentsDelta(long number, int index, String id, String arguments) {
        StringBuilder out = at(index, id);
        JsonText.quote(out.append(",\"delta\":"), arguments);
        return event("response.function_call_arguments.delta", number, out);
    }

    static Buffer argumentsDone(long number, int index, String id, @Nullable String name, String arguments) {
        StringBuilder out = at(index, id);
        if (name != null) {
            JsonText.quote(out.append(",\"name\":"), name);
        }
        JsonText.quote(out.append(",\"arguments\":"), arguments);
        return event("response.function_call_arguments.done", number, out);
    }

    private static StringBuilder at(int index, String id) {
        StringBuilder out = new StringBuilder(192).append(",\"output_index\":").append(index);
        JsonText.quote(out.append(",\"item_id\":"), id);
        return out;
    }

    private static Buffer event(String type, long number, CharSequence members) {
        return Buffer.buffer("event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + number
                + members + "}\n\n");
    }
}
