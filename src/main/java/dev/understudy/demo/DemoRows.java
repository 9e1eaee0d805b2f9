package dev.understudy.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Training rows from the demo's messages, in the {@code trl-sft} profile: {@code prompt}, {@code completion}, {@code tools}; and the
 * rest of the {@code request}, for whoever wants to ask it again.
 */
public final class DemoRows {

    /** What a row keeps of the call beside messages and tools: it makes the call site. */
    private static final List<String> REQUEST = List.of("model", "tool_choice", "parallel_tool_calls");

    private DemoRows() {}

    /**
     * Writes rows of the errand {@code demo-tools}, a JSON object a line, no message twice. The same arguments write the same bytes.
     *
     * @param count how many rows, at least 1
     * @throws IOException if the file cannot be written
     */
    public static void write(Path file, int count, long seed, Split split) throws IOException {
        DemoMessages messages = new DemoMessages(seed, split);
        ObjectMapper json = new ObjectMapper();
        Set<String> seen = new HashSet<>();
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            while (seen.size() < count) {
                DemoCall call = messages.next(DemoErrand.TOOLS);
                if (seen.add(call.message())) {
                    out.write(json.writeValueAsString(row(call)));
                    out.write('\n');
                }
            }
        }
    }

    private static ObjectNode row(DemoCall call) {
        if (!(call.truth() instanceof DemoTruth.Call truth)) {
            throw new IllegalArgumentException(call.errand().wire() + " is not answered by one call");
        }
        ObjectNode row = JsonNodeFactory.instance.objectNode();
        row.set("prompt", call.body().path("messages"));
        ObjectNode answer = row.putArray("completion").addObject().put("role", "assistant");
        answer.putArray("tool_calls")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", truth.name())
                .set("arguments", truth.arguments());
        row.set("tools", call.body().path("tools"));
        ObjectNode request = row.putObject("request");
        for (String field : REQUEST) {
            request.set(field, call.body().path(field));
        }
        return row;
    }
}
