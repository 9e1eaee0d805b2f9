package dev.understudy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * The call site that an adapter was trained for, so that a gateway which has never seen it knows the task from the first call on.
 *
 * @param task the name it gets
 * @param model the model that its calls ask for
 * @param system its system and developer messages, joined by line breaks
 * @param tools the tools of its calls, as in a request
 * @param toolChoice {@code none}, {@code auto}, {@code required}, or an object that names a tool
 * @param responseFormat as in a request; a missing node: text
 */
public record AdapterSite(
        String task, String model, String system, ArrayNode tools, JsonNode toolChoice, JsonNode responseFormat) {

    /** The site of rows that all come from one; empty if system prompt, tools or the rest of the call differ among them. */
    static Optional<AdapterSite> of(String task, List<TrainingRow> rows) {
        AdapterSite site = of(task, rows.getFirst());
        for (TrainingRow row : rows) {
            if (!of(task, row).equals(site)) {
                return Optional.empty();
            }
        }
        return site.model().isEmpty() ? Optional.empty() : Optional.of(site);
    }

    private static AdapterSite of(String task, TrainingRow row) {
        StringBuilder system = new StringBuilder();
        for (JsonNode message : row.prompt()) {
            String role = message.path("role").asText();
            if (role.equals("system") || role.equals("developer")) {
                system.append(system.isEmpty() ? "" : "\n")
                        .append(message.path("content").asText());
            }
        }
        return new AdapterSite(
                task,
                row.request().path("model").asText(),
                system.toString(),
                row.tools(),
                row.request().path("tool_choice"),
                row.request().path("response_format"));
    }

    /** As the manifest carries it. The phase is that of rows whose last message is the user's. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("task", task)
                .put("endpoint", "chat")
                .put("phase", "user_turn")
                .put("model", model)
                .put("system", system);
        json.set("tools", tools);
        json.set("toolChoice", toolChoice);
        if (!responseFormat.isMissingNode()) {
            json.set("responseFormat", responseFormat);
        }
        return json;
    }
}
