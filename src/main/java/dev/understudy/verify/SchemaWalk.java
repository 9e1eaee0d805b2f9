package dev.understudy.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a JSON Schema that speak about one place of a document: a step to a member or an element finds those of
 * the next. Choices ({@code anyOf}, {@code if}, ...) all speak; what is beyond the bounds does not.
 *
 * @param root where references lead to
 * @param parts that speak
 */
record SchemaWalk(JsonNode root, List<JsonNode> parts) {
    private static final int MOST_PARTS = 64;
    private static final List<String> LISTS = List.of("allOf", "anyOf", "oneOf");
    private static final List<String> SINGLES = List.of("then", "else");

    static SchemaWalk of(JsonNode schema) {
        return new SchemaWalk(schema, spread(schema, List.of(schema)));
    }

    /** To a member of an object. */
    SchemaWalk member(String name) {
        List<JsonNode> found = new ArrayList<>(2);
        for (JsonNode part : parts) {
            JsonNode named = part.path("properties").path(name);
            add(found, named.isMissingNode() ? part.path("additionalProperties") : named);
            // which pattern fits is the validator's to say
            part.path("patternProperties").forEach(pattern -> add(found, pattern));
        }
        return new SchemaWalk(root, spread(root, found));
    }

    /** To an element of an array. */
    SchemaWalk element(int index) {
        List<JsonNode> found = new ArrayList<>(2);
        for (JsonNode part : parts) {
            JsonNode placed = part.path("prefixItems").path(index);
            add(found, placed.isMissingNode() ? part.path("items") : placed);
        }
        return new SchemaWalk(root, spread(root, found));
    }

    /** Whether a value is one of those that the schema itself names here. */
    boolean names(JsonNode value) {
        for (JsonNode part : parts) {
            if (same(part.path("const"), value) || same(part.path("default"), value)) {
                return true;
            }
            for (JsonNode one : part.path("enum")) {
                if (same(one, value)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether a text here is a date or a time, which is seldom written as the prompt has it. */
    boolean isDate() {
        for (JsonNode part : parts) {
            switch (part.path("format").asText()) {
                case "date", "date-time", "time", "duration" -> {
                    return true;
                }
                default -> {}
            }
        }
        return false;
    }

    private static boolean same(JsonNode one, JsonNode value) {
        if (one.isNumber() && value.isNumber()) {
            return one.equals(value) || one.doubleValue() == value.doubleValue();
        }
        return one.equals(value);
    }

    private static List<JsonNode> spread(JsonNode root, List<JsonNode> from) {
        List<JsonNode> all = new ArrayList<>(from);
        for (int i = 0; i < all.size() && all.size() < MOST_PARTS; i++) {
            JsonNode part = all.get(i);
            String reference = part.path("$ref").asText();
            if (reference.startsWith("#")) {
                // what is no pointer leads nowhere
                add(all, reference.equals("#") || reference.startsWith("#/") ? root.at(reference.substring(1)) : null);
            }
            for (String list : LISTS) {
                part.path(list).forEach(one -> add(all, one));
            }
            for (String single : SINGLES) {
                add(all, part.path(single));
            }
        }
        return all;
    }

    @SuppressWarnings("ReferenceEquality") // a part met again by a reference; equal ones elsewhere may stay
    private static void add(List<JsonNode> to, @Nullable JsonNode part) {
        if (part == null || !part.isObject() || to.size() >= MOST_PARTS) {
            return;
        }
        for (JsonNode there : to) {
            if (there == part) {
                return;
            }
        }
        to.add(part);
    }
}
