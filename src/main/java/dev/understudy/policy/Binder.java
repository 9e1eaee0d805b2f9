package dev.understudy.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.Path;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;
import org.jspecify.annotations.Nullable;

/** Turns the {@code spec} of a document into its records and holds these against their constraints. */
final class Binder {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Validator validator;

    Binder() {
        // Without the interpolator that wants an expression language, which the CLI does not carry.
        this.validator = Validation.byDefaultProvider()
                .configure()
                .messageInterpolator(new ParameterMessageInterpolator())
                .buildValidatorFactory()
                .getValidator();
    }

    /**
     * The records of a document, or null when it has no {@code spec} left.
     *
     * @param document shaped as its schema says, with wrong items taken out
     */
    <T> @Nullable T bind(Document document, Class<T> type, List<Problem> problems) {
        Tree spec = Tree.at(document.root(), List.of("spec"));
        if (spec == null) {
            return null;
        }
        T bound;
        try {
            bound = MAPPER.treeToValue(json(spec), type);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "schema and records of kind " + document.kind().wire() + " disagree", e);
        }
        for (ConstraintViolation<T> violation : validator.validate(bound)) {
            Place place = document.place(path(violation.getPropertyPath()).toArray());
            problems.add(place.problem(Problem.Code.RANGE, message(violation)));
        }
        return bound;
    }

    private static String message(ConstraintViolation<?> violation) {
        boolean relation = violation
                .getConstraintDescriptor()
                .getAnnotation()
                .annotationType()
                .getSimpleName()
                .equals("AssertTrue");
        List<Object> path = path(violation.getPropertyPath());
        return relation || path.isEmpty() ? violation.getMessage() : path.getLast() + " " + violation.getMessage();
    }

    private static List<Object> path(Path path) {
        List<Object> steps = new ArrayList<>();
        for (Path.Node node : path) {
            if (node.getIndex() != null) {
                steps.add(node.getIndex());
            }
            if (node.getName() != null && !node.getName().startsWith("<")) {
                steps.add(node.getName());
            }
        }
        return steps;
    }

    private static JsonNode json(@Nullable Tree tree) {
        JsonNodeFactory make = JsonNodeFactory.instance;
        return switch (tree) {
            case null -> make.nullNode();
            case Tree.Leaf(Place place, String text) -> make.textNode(text);
            case Tree.Leaf(Place place, Boolean flag) -> make.booleanNode(flag);
            case Tree.Leaf(Place place, BigInteger number) -> make.numberNode(number);
            case Tree.Leaf(Place place, BigDecimal number) -> make.numberNode(number);
            case Tree.Leaf leaf -> make.nullNode();
            case Tree.Items items -> {
                ArrayNode array = make.arrayNode();
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

    /** The document as JSON text whose keys are sorted: equal documents give equal text, wherever their lines break. */
    static String canonical(Tree tree) {
        return json(sorted(tree)).toString();
    }

    private static Tree sorted(Tree tree) {
        return switch (tree) {
            case Tree.Leaf leaf -> leaf;
            case Tree.Items items -> {
                List<@Nullable Tree> sorted = new ArrayList<>();
                for (Tree item : items.items()) {
                    sorted.add(item == null ? null : sorted(item));
                }
                yield new Tree.Items(items.place(), sorted);
            }
            case Tree.Fields fields -> {
                SequencedMap<String, Tree.Field> sorted = new LinkedHashMap<>();
                new TreeMap<>(fields.fields())
                        .forEach((name, field) ->
                                sorted.put(name, new Tree.Field(field.keyPlace(), sorted(field.value()))));
                yield new Tree.Fields(fields.place(), sorted);
            }
        };
    }
}
