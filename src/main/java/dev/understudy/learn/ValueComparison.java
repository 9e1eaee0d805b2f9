package dev.understudy.learn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;

/**
 * Compares two JSON values as their schema means them. Members may stand in any order, elements only where the schema
 * calls them unique; what is absent is its default; integers, booleans, null and enums are exact, other numbers to a
 * millionth, strings without regard to form, blanks and case.
 */
final class ValueComparison {
    private static final BigDecimal TOLERANCE = new BigDecimal("1e-6");
    private static final int DEEPEST = 64;
    private static final int MOST_REFERENCES = 16;
    private static final List<String> COMBINED = List.of("allOf", "anyOf", "oneOf");

    private final JsonNode root;

    /** @param schema of the whole value; a missing node when there is none */
    ValueComparison(JsonNode schema) {
        this.root = schema;
    }

    /** Compares; the difference named is the first one in the order of the members' names. */
    Comparison compare(String path, JsonNode got, JsonNode want) {
        return compare(path, got, want, root, 0);
    }

    private Comparison compare(String path, JsonNode got, JsonNode want, JsonNode written, int depth) {
        JsonNode schema = resolved(written);
        if (depth > DEEPEST) {
            return got.equals(want) ? Comparison.AGREES : differs(path, got, want);
        }
        if (got.isObject() && want.isObject()) {
            return members(path, got, want, schema, depth);
        }
        if (got.isArray() && want.isArray()) {
            return elements(path, got, want, schema, depth);
        }
        return isSame(got, want, schema) ? Comparison.AGREES : differs(path, got, want);
    }

    private Comparison members(String path, JsonNode got, JsonNode want, JsonNode schema, int depth) {
        TreeSet<String> names = new TreeSet<>();
        got.fieldNames().forEachRemaining(names::add);
        want.fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            JsonNode own = resolved(member(schema, name));
            JsonNode one = orDefault(got.path(name), own);
            JsonNode other = orDefault(want.path(name), own);
            Comparison found = one.isMissingNode() || other.isMissingNode()
                    ? differs(path + "." + name, one, other)
                    : compare(path + "." + name, one, other, own, depth + 1);
            if (!(found instanceof Comparison.Agrees)) {
                return found;
            }
        }
        return Comparison.AGREES;
    }

    private Comparison elements(String path, JsonNode got, JsonNode want, JsonNode schema, int depth) {
        if (got.size() != want.size()) {
            return differs(path, got, want);
        }
        if (schema.path("uniqueItems").asBoolean()) {
            JsonNode item = schema.path("items");
            boolean paired = Pairing.isComplete(
                    want.size(),
                    (one, other) ->
                            compare(path, got.get(other), want.get(one), item, depth + 1) instanceof Comparison.Agrees);
            return paired ? Comparison.AGREES : differs(path, got, want);
        }
        for (int i = 0; i < want.size(); i++) {
            JsonNode prefix = schema.path("prefixItems").path(i);
            JsonNode item = prefix.isMissingNode() ? schema.path("items") : prefix;
            Comparison found = compare(path + "[" + i + "]", got.get(i), want.get(i), item, depth + 1);
            if (!(found instanceof Comparison.Agrees)) {
                return found;
            }
        }
        return Comparison.AGREES;
    }

    private static boolean isSame(JsonNode got, JsonNode want, JsonNode schema) {
        if (got.isNumber() && want.isNumber()) {
            return isSameNumber(got.decimalValue(), want.decimalValue());
        }
        if (got.isTextual() && want.isTextual()) {
            boolean closed = schema.has("enum") || schema.has("const");
            String format = schema.path("format").asText("");
            return closed
                    ? got.textValue().equals(want.textValue())
                    : Texts.value(got.textValue(), format).equals(Texts.value(want.textValue(), format));
        }
        return got.equals(want);
    }

    private static boolean isSameNumber(BigDecimal got, BigDecimal want) {
        if (got.compareTo(want) == 0) {
            return true;
        }
        if (isWhole(got) && isWhole(want)) {
            return false;
        }
        BigDecimal larger = got.abs().max(want.abs());
        return got.subtract(want).abs().compareTo(larger.multiply(TOLERANCE)) <= 0;
    }

    private static boolean isWhole(BigDecimal number) {
        return number.signum() == 0 || number.stripTrailingZeros().scale() <= 0;
    }

    private static JsonNode orDefault(JsonNode value, JsonNode schema) {
        return value.isMissingNode() ? schema.path("default") : value;
    }

    private JsonNode member(JsonNode schema, String name) {
        JsonNode own = schema.path("properties").path(name);
        if (!own.isMissingNode()) {
            return own;
        }
        for (String combined : COMBINED) {
            for (Iterator<JsonNode> all = schema.path(combined).elements(); all.hasNext(); ) {
                JsonNode found = resolved(all.next()).path("properties").path(name);
                if (!found.isMissingNode()) {
                    return found;
                }
            }
        }
        JsonNode others = schema.path("additionalProperties");
        return others.isObject() ? others : MissingNode.getInstance();
    }

    /** Follows references within the schema; one that leads elsewhere, or in circles, says nothing. */
    private JsonNode resolved(JsonNode schema) {
        JsonNode at = schema;
        for (int i = 0; i < MOST_REFERENCES; i++) {
            String reference = at.path("$ref").asText("");
            if (reference.isEmpty()) {
                return at;
            }
            if (!reference.startsWith("#")) {
                return MissingNode.getInstance();
            }
            at = reference.length() == 1 ? root : root.at(reference.substring(1));
        }
        return MissingNode.getInstance();
    }

    private static Comparison differs(String path, JsonNode got, JsonNode want) {
        return new Comparison.Differs(path, shown(got), shown(want));
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "" : node.toString();
    }
}
