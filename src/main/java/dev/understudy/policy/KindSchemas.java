package dev.understudy.policy;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Holds documents against the closed schema of their kind. The one place in this room that knows the schema library. */
final class KindSchemas {
    private final Map<Document.Kind, Schema> schemas = new EnumMap<>(Document.Kind.class);

    KindSchemas() {
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
        for (Document.Kind kind : Document.Kind.values()) {
            schemas.put(kind, registry.getSchema(text(kind)));
        }
    }

    /** The schema of a kind, as it is shipped. */
    static String text(Document.Kind kind) {
        String name = "/policy/" + kind.wire().toLowerCase(Locale.ROOT) + ".schema.json";
        try (InputStream stream = KindSchemas.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(stream, name + " is missing").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be read", e);
        }
    }

    /** Everything in which the document differs from its schema. */
    List<Fault> faults(Document document) {
        Schema schema = Objects.requireNonNull(schemas.get(document.kind()), "schema");
        List<Fault> faults = new ArrayList<>();
        for (Error error : schema.validate(json(document.root()))) {
            faults.add(fault(document, error, schema.getSchemaNode()));
        }
        return faults;
    }

    private static Fault fault(Document document, Error error, JsonNode schema) {
        List<Object> path = path(error.getInstanceLocation());
        Place place = Tree.placeOf(document.root(), path);
        return switch (error.getKeyword()) {
            case "required" ->
                new Fault(
                        path,
                        place.problem(Problem.Code.MISSING, "'" + error.getProperty() + "' is missing" + in(path)));
            case "additionalProperties" -> unknownField(document, error, path, schema);
            case "type" -> new Fault(path, type(path, place, error));
            default -> new Fault(path, place.problem(Problem.Code.RANGE, range(path, error)));
        };
    }

    private static Fault unknownField(Document document, Error error, List<Object> path, JsonNode schema) {
        String field = error.getProperty();
        List<Object> whole = new ArrayList<>(path);
        whole.add(field);
        Place place = Tree.at(document.root(), path) instanceof Tree.Fields fields
                        && fields.fields().containsKey(field)
                ? fields.fields().get(field).keyPlace()
                : Tree.placeOf(document.root(), path);
        String close = Nearest.to(field, known(schema, error));
        String hint = close == null ? "" : "did you mean '" + close + "'?";
        String message = "unknown field '" + Nearest.shown(field) + "'" + in(path);
        return new Fault(whole, place.problem(Problem.Code.UNKNOWN_FIELD, message, hint));
    }

    private static Problem type(List<Object> path, Place place, Error error) {
        if (!path.isEmpty() && path.getLast().equals("apiKey")) {
            return place.problem(
                    Problem.Code.LITERAL_SECRET,
                    "a secret must not stand in a policy file",
                    "write { env: NAME, else: error | forward | unavailable } or { file: path }");
        }
        Object[] found = error.getArguments();
        return place.problem(
                Problem.Code.TYPE, name(path) + " must be " + article(found[1]) + ", this is " + article(found[0]));
    }

    private static String article(Object type) {
        return switch (type.toString()) {
            case "object" -> "a map";
            case "array" -> "a list";
            case "string" -> "text";
            case "boolean" -> "true or false";
            case "integer" -> "a whole number";
            case "number" -> "a number";
            case "null" -> "nothing";
            default -> type.toString();
        };
    }

    private static String range(List<Object> path, Error error) {
        Object[] arguments = error.getArguments();
        Object bound = arguments.length == 0 ? "" : arguments[0];
        String name = name(path);
        return switch (error.getKeyword()) {
            case "enum" -> name + " must be one of " + bound.toString().replaceAll("[\\[\\]\"]", "");
            case "const" -> name + " must be " + bound;
            case "pattern" -> name + " must look like " + bound;
            case "minimum" -> name + " must be at least " + bound;
            case "maximum" -> name + " must be at most " + bound;
            case "minItems", "minLength" -> name + " must not be empty";
            case "minProperties" -> name + " must not be empty";
            case "maxProperties" -> name + " must hold one field only";
            case "maxLength" -> name + " must have at most " + bound + " characters";
            case "uniqueItems" -> name + " must not hold a value twice";
            default -> name + " " + error.getMessage();
        };
    }

    private static String in(List<Object> path) {
        return path.isEmpty() ? "" : " in " + name(path);
    }

    /** The last named step of a path, with the number of its item: {@code rules[2]}. */
    private static String name(List<Object> path) {
        StringBuilder name = new StringBuilder();
        for (int i = path.size() - 1; i >= 0; i--) {
            if (path.get(i) instanceof Integer index) {
                name.insert(0, "[" + index + "]");
            } else {
                return name.insert(0, path.get(i)).toString();
            }
        }
        return name.isEmpty() ? "the document" : name.toString();
    }

    /** The fields that the schema knows where the unknown one stands. */
    private static List<String> known(JsonNode schema, Error error) {
        JsonNode here = schema;
        List<Object> steps = path(error.getSchemaLocation().getFragment());
        for (Object step : steps.subList(0, Math.max(0, steps.size() - 1))) {
            here = step instanceof Integer index ? here.path(index) : here.path(step.toString());
        }
        return List.copyOf(here.path("properties").propertyNames());
    }

    private static List<Object> path(NodePath path) {
        List<Object> steps = new ArrayList<>();
        for (int i = 0; i < path.getNameCount(); i++) {
            steps.add(path.getElement(i));
        }
        return steps;
    }

    private static JsonNode json(@Nullable Tree tree) {
        JsonNodeFactory make = JsonNodeFactory.instance;
        return switch (tree) {
            case null -> make.nullNode();
            case Tree.Leaf(Place place, String text) -> make.stringNode(text);
            case Tree.Leaf(Place place, Boolean flag) -> make.booleanNode(flag);
            case Tree.Leaf(Place place, BigInteger number) -> make.numberNode(number);
            case Tree.Leaf(Place place, BigDecimal number) -> make.numberNode(number);
            case Tree.Leaf leaf -> make.nullNode();
            case Tree.Items items -> {
                var array = make.arrayNode();
                items.items().forEach(item -> array.add(json(item)));
                yield array;
            }
            case Tree.Fields fields -> {
                ObjectNode object = make.objectNode();
                fields.fields().forEach((name, field) -> object.set(name, json(field.value())));
                yield object;
            }
        };
    }
}
