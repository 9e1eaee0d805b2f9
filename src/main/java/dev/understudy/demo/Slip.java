package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;

/** The mistake of a model that is nearly always right: one value of a JSON object comes out wrong. */
final class Slip {

    private Slip() {}

    /**
     * A copy of which the last value differs, still of its type, and still of its enum when the schema has one.
     *
     * @param schema the schema of the object, if it has one
     */
    static ObjectNode in(ObjectNode object, Optional<JsonNode> schema) {
        ObjectNode copy = object.deepCopy();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            JsonNode value = field.getValue();
            if (value.isInt()) {
                copy.put(field.getKey(), value.intValue() + 1);
                return copy;
            }
            Optional<String> neighbour = schema.flatMap(node -> neighbour(node, field.getKey(), value.asText()));
            if (neighbour.isPresent()) {
                copy.put(field.getKey(), neighbour.get());
                return copy;
            }
        }
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (field.getValue().isTextual() && field.getValue().asText().length() > 1) {
                String text = field.getValue().asText();
                copy.put(field.getKey(), text.substring(0, text.length() - 1));
                return copy;
            }
        }
        return copy;
    }

    private static Optional<String> neighbour(JsonNode schema, String field, String value) {
        JsonNode names = schema.path("properties").path(field).path("enum");
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).asText().equals(value)) {
                return Optional.of(names.get((i + 1) % names.size()).asText());
            }
        }
        return Optional.empty();
    }
}
