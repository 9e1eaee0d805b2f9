package dev.understudy.slm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer as it was read.
 *
 * @param content text; of an answer with calls what stood before the first; of one that could not be read all of it
 * @param calls tool calls, in order; none of an answer that could not be read
 * @param unparsed why the text could not be read, or null: {@code cut_off}, {@code marker_without_call}, {@code
 *     arguments_not_json}, {@code text_left_over}, {@code parsers_disagree}, {@code round_trip_differs}, {@code
 *     streamed_differs}, {@code parser_error}
 * @param values the bytes of the raw text that carry the answer: argument values (the names of calls without any), JSON
 *     fields, or all of a text
 */
public record SlmAnswer(
        String content, List<ToolCall> calls, @Nullable String unparsed, List<Bytes> values) {
    public SlmAnswer {
        calls = List.copyOf(calls);
        values = List.copyOf(values);
    }

    /** One call; {@code arguments} is JSON as the model wrote it. */
    public record ToolCall(String name, String arguments) {}

    /** From a byte to the byte after the last. */
    public record Bytes(int from, int to) {}

    /** Whether there is neither text (but blanks) nor call. */
    public boolean isEmpty() {
        return content.isBlank() && calls.isEmpty();
    }

    static SlmAnswer of(byte[] json) {
        JsonNode node = Json.read(json);
        List<ToolCall> calls = new ArrayList<>();
        for (JsonNode call : node.path("calls")) {
            calls.add(new ToolCall(
                    call.path("name").asText(), call.path("arguments").asText()));
        }
        List<Bytes> values = new ArrayList<>();
        for (JsonNode span : node.path("values")) {
            values.add(new Bytes(span.path(0).asInt(), span.path(1).asInt()));
        }
        boolean unparsed = node.path("verdict").asText().equals("UNPARSED");
        return new SlmAnswer(
                node.path("content").asText(),
                calls,
                unparsed ? node.path("reason").asText() : null,
                values);
    }
}
