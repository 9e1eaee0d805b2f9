package dev.understudy.usage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a question that came as JSON. Every name is looked up in a closed set; what is not in one is refused. */
public final class UsageQuestionReader {
    private static final Set<String> FIELDS =
            Set.of("metrics", "groupBy", "filters", "from", "to", "limit", "order", "format");
    private static final int STANDARD_LIMIT = 100;
    private static final int MOST_VALUES = 1_000;
    private static final int LONGEST_VALUE = 512;
    private static final Duration STANDARD_RANGE = Duration.ofHours(24);
    private static final Duration LONGEST_RANGE = Duration.ofDays(800);

    private UsageQuestionReader() {}

    /**
     * Reads a question.
     *
     * @param json an object; absent fields take their defaults (the last 24 hours, one line, 100 groups)
     * @throws ApiFailure naming the field at fault
     */
    public static UsageQuestion read(JsonNode json, Instant now) throws ApiFailure {
        if (!json.isObject()) {
            throw new ApiFailure(ApiError.INVALID_TYPE, "The question must be a JSON object.", null);
        }
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            if (!FIELDS.contains(field.getKey())) {
                throw refused("A question has no such field; it may have " + sorted(FIELDS) + ".", "body");
            }
        }
        List<Metric> metrics = new ArrayList<>();
        for (String name : names(json, "metrics", List.of("calls", "cost"))) {
            metrics.add(Metric.named(name)
                    .orElseThrow(() -> refused("There is no such metric; see /api/analytics/meta.", "metrics")));
        }
        List<Dimension> groupBy = new ArrayList<>();
        for (String name : names(json, "groupBy", List.of())) {
            groupBy.add(dimension(name, "groupBy"));
        }
        Instant to = moment(json, "to", now, now);
        Instant from = moment(json, "from", now, to.minus(STANDARD_RANGE));
        if (!from.isBefore(to)) {
            throw refused("The range is empty: from must be before to.", "from");
        }
        if (Duration.between(from, to).compareTo(LONGEST_RANGE) > 0) {
            throw refused("The range is longer than " + LONGEST_RANGE.toDays() + " days.", "from");
        }
        return new UsageQuestion(metrics, groupBy, filters(json), from, to, limit(json), order(json, metrics, groupBy));
    }

    private static Map<Dimension, List<String>> filters(JsonNode json) throws ApiFailure {
        Map<Dimension, List<String>> filters = new LinkedHashMap<>();
        JsonNode given = json.path("filters");
        if (given.isMissingNode() || given.isNull()) {
            return filters;
        }
        if (!given.isObject()) {
            throw wrongType("filters", "an object of names and their values");
        }
        for (Map.Entry<String, JsonNode> filter : given.properties()) {
            filters.put(dimension(filter.getKey(), "filters"), texts(filter.getValue(), "filters"));
        }
        return filters;
    }

    private static int limit(JsonNode json) throws ApiFailure {
        JsonNode limit = json.path("limit");
        if (limit.isMissingNode() || limit.isNull()) {
            return STANDARD_LIMIT;
        }
        if (!limit.isInt() || limit.intValue() < 1 || limit.intValue() > UsageQuestion.MOST_GROUPS) {
            throw refused("limit must be a whole number from 1 to " + UsageQuestion.MOST_GROUPS + ".", "limit");
        }
        return limit.intValue();
    }

    private static UsageQuestion.@Nullable Order order(JsonNode json, List<Metric> metrics, List<Dimension> groupBy)
            throws ApiFailure {
        JsonNode order = json.path("order");
        if (order.isMissingNode() || order.isNull()) {
            return null;
        }
        if (!order.isTextual()) {
            throw wrongType("order", "a metric or group of the question, a minus before it for greatest first");
        }
        boolean descending = order.textValue().startsWith("-");
        String name = descending ? order.textValue().substring(1) : order.textValue();
        Metric metric = Metric.named(name).orElse(null);
        if (metric != null && metrics.contains(metric)) {
            return new UsageQuestion.Order(metric, null, descending);
        }
        Dimension dimension = Dimension.named(name).orElse(null);
        if (dimension != null && groupBy.contains(dimension)) {
            return new UsageQuestion.Order(null, dimension, descending);
        }
        throw refused("order must be one of the question's metrics or groups.", "order");
    }

    private static Dimension dimension(String name, String field) throws ApiFailure {
        return Dimension.named(name)
                .orElseThrow(() -> refused("There is no such group; see /api/analytics/meta.", field));
    }

    /** A time: ISO 8601, seconds since 1970, or how long ago ({@code 24h}, {@code 7d}). */
    private static Instant moment(JsonNode json, String field, Instant now, Instant standard) throws ApiFailure {
        JsonNode given = json.path(field);
        try {
            if (given.isMissingNode() || given.isNull()) {
                return standard;
            }
            if (given.canConvertToLong() && given.isIntegralNumber()) {
                return checked(Instant.ofEpochSecond(given.longValue()), field);
            }
            if (given.isTextual()) {
                String text = given.textValue();
                return checked(text.matches("\\d{1,6}[mhd]") ? now.minus(ago(text)) : Instant.parse(text), field);
            }
        } catch (DateTimeParseException | ArithmeticException e) {
            throw refused(field + " must be a time such as 2026-11-24T10:00:00Z, or 24h for so long ago.", field);
        }
        throw wrongType(field, "a time such as 2026-11-24T10:00:00Z, seconds since 1970, or 24h for so long ago");
    }

    /** Years that the database and its days can hold. */
    private static Instant checked(Instant moment, String field) throws ApiFailure {
        if (moment.isBefore(Instant.parse("2000-01-01T00:00:00Z"))
                || moment.isAfter(Instant.parse("2100-01-01T00:00:00Z"))) {
            throw refused(field + " must lie between the years 2000 and 2100.", field);
        }
        return moment;
    }

    private static Duration ago(String text) {
        long number = Long.parseLong(text.substring(0, text.length() - 1));
        return switch (text.charAt(text.length() - 1)) {
            case 'm' -> Duration.ofMinutes(number);
            case 'h' -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    private static List<String> names(JsonNode json, String field, List<String> standard) throws ApiFailure {
        JsonNode given = json.path(field);
        if (given.isMissingNode() || given.isNull()) {
            return standard;
        }
        List<String> names = texts(given, field);
        if (names.isEmpty() && !standard.isEmpty()) {
            throw refused(field + " must not be empty.", field);
        }
        return List.copyOf(new LinkedHashSet<>(names));
    }

    private static List<String> texts(JsonNode given, String field) throws ApiFailure {
        if (given.isTextual()) {
            return List.of(given.textValue());
        }
        if (!given.isArray() || given.size() > MOST_VALUES) {
            throw wrongType(field, "a list of at most " + MOST_VALUES + " strings");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode text : given) {
            if (!text.isTextual()
                    || text.textValue().length() > LONGEST_VALUE
                    || text.textValue().indexOf('\0') >= 0) {
                throw wrongType(field, "a list of strings of at most " + LONGEST_VALUE + " characters");
            }
            texts.add(text.textValue());
        }
        return texts;
    }

    private static ApiFailure wrongType(String field, String wanted) {
        return new ApiFailure(ApiError.INVALID_TYPE, field + " must be " + wanted + ".", field);
    }

    private static ApiFailure refused(String message, String field) {
        return new ApiFailure(ApiError.INVALID_VALUE, message, field);
    }

    private static String sorted(Set<String> names) {
        return String.join(", ", names.stream().sorted().toList());
    }
}
