package dev.understudy.usage;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Usage and costs in the shapes of OpenAI's organization endpoints: a page of buckets of time, each with its results. A
 * project is a team, a user is an app, a line item is a model.
 */
@Singleton
public final class OrganizationUsage {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("2100-01-01T00:00:00Z");

    private final UsageQueries queries;
    private final InstantSource clock;

    OrganizationUsage(UsageQueries queries, InstantSource clock) {
        this.queries = queries;
        this.clock = clock;
    }

    /** Width of a bucket, with the numbers of buckets that OpenAI documents. */
    private enum Width {
        MINUTE("1m", ChronoUnit.MINUTES, Dimension.MINUTE, "yyyy-MM-dd'T'HH:mm:00'Z'", 60, 1_440),
        HOUR("1h", ChronoUnit.HOURS, Dimension.HOUR, "yyyy-MM-dd'T'HH:00:00'Z'", 24, 168),
        DAY("1d", ChronoUnit.DAYS, Dimension.DAY, "yyyy-MM-dd", 7, 31),
        /** Costs come by the day, of which a page may hold more. */
        COST_DAY("1d", ChronoUnit.DAYS, Dimension.DAY, "yyyy-MM-dd", 7, 180);

        private final String wire;
        private final ChronoUnit unit;
        private final Dimension dimension;
        private final DateTimeFormatter key;
        private final int standard;
        private final int most;

        Width(String wire, ChronoUnit unit, Dimension dimension, String key, int standard, int most) {
            this.wire = wire;
            this.unit = unit;
            this.dimension = dimension;
            this.key = DateTimeFormatter.ofPattern(key, Locale.ROOT).withZone(ZoneOffset.UTC);
            this.standard = standard;
            this.most = most;
        }
    }

    /**
     * A request as it came.
     *
     * @param startTime seconds since 1970; required
     * @param endTime seconds since 1970, or null: now
     * @param bucketWidth {@code 1m}, {@code 1h} or {@code 1d} (default)
     * @param groupBy names of fields of a result
     * @param filters field of a result to the values that count
     * @param limit buckets of a page, or null
     * @param page as the page before gave it, or null
     */
    public record Request(
            @Nullable String startTime,
            @Nullable String endTime,
            @Nullable String bucketWidth,
            List<String> groupBy,
            Map<String, List<String>> filters,
            @Nullable String limit,
            @Nullable String page) {}

    /** Tokens and requests. */
    public Uni<ObjectNode> completions(Request request) {
        return page(
                request,
                Map.of(
                        "project_id", Dimension.TEAM,
                        "user_id", Dimension.APP,
                        "api_key_id", Dimension.API_KEY,
                        "model", Dimension.MODEL),
                List.of("batch", "service_tier"),
                false);
    }

    /** Money. What has no price is in no amount. */
    public Uni<ObjectNode> costs(Request request) {
        return page(
                request,
                Map.of(
                        "project_id", Dimension.TEAM,
                        "user_id", Dimension.APP,
                        "api_key_id", Dimension.API_KEY,
                        "line_item", Dimension.MODEL),
                List.of(),
                true);
    }

    /**
     * A stretch of buckets.
     *
     * @param next where the page after it begins, or null
     */
    private record Stretch(
            Width width,
            List<Instant> starts,
            Instant end,
            @Nullable Instant next) {}

    private Uni<ObjectNode> page(Request request, Map<String, Dimension> fields, List<String> without, boolean costs) {
        try {
            Stretch stretch = stretch(request, costs);
            List<String> groups = new ArrayList<>();
            List<Dimension> dimensions = new ArrayList<>(List.of(stretch.width().dimension));
            for (String name : request.groupBy()) {
                Dimension dimension = fields.get(name);
                if (dimension == null && !without.contains(name)) {
                    throw refused(
                            "group_by takes "
                                    + String.join(
                                            ", ",
                                            fields.keySet().stream().sorted().toList()) + ".",
                            "group_by");
                }
                if (dimension != null && !groups.contains(name)) {
                    groups.add(name);
                    dimensions.add(dimension);
                }
            }
            Map<Dimension, List<String>> filters = new LinkedHashMap<>();
            for (Map.Entry<String, List<String>> filter : request.filters().entrySet()) {
                Dimension dimension = fields.get(filter.getKey());
                if (dimension != null && !filter.getValue().isEmpty()) {
                    filters.put(dimension, filter.getValue());
                }
            }
            UsageQuestion question = new UsageQuestion(
                    List.of(Metric.CALLS),
                    dimensions,
                    filters,
                    stretch.starts().getFirst(),
                    stretch.end(),
                    UsageQuestion.MOST_GROUPS,
                    null);
            return queries.ask(question).map(answer -> page(answer, stretch, groups, costs));
        } catch (ApiFailure e) {
            return Uni.createFrom().failure(e);
        }
    }

    private Stretch stretch(Request request, boolean costs) throws ApiFailure {
        if (request.startTime() == null) {
            throw new ApiFailure(
                    ApiError.MISSING_REQUIRED_PARAMETER, "start_time is required: seconds since 1970.", "start_time");
        }
        Width width = width(request.bucketWidth(), costs);
        long limit = request.limit() == null ? width.standard : number(request.limit(), "limit");
        if (limit < 1 || limit > width.most) {
            throw refused("limit must be from 1 to " + width.most + " for this bucket_width.", "limit");
        }
        Instant start =
                time(number(request.startTime(), "start_time"), "start_time").truncatedTo(width.unit);
        Instant end =
                request.endTime() == null ? clock.instant() : time(number(request.endTime(), "end_time"), "end_time");
        if (request.page() != null) {
            start = time(pageStart(request.page()), "page").truncatedTo(width.unit);
        }
        List<Instant> starts = new ArrayList<>();
        Instant next = start;
        while (next.isBefore(end) && starts.size() < limit) {
            starts.add(next);
            next = next.plus(1, width.unit);
        }
        if (starts.isEmpty()) {
            throw refused("start_time must be before end_time.", "start_time");
        }
        return new Stretch(width, starts, next, next.isBefore(end) ? next : null);
    }

    private static Width width(@Nullable String given, boolean costs) throws ApiFailure {
        if (costs) {
            if (given != null && !given.equals("1d")) {
                throw refused("bucket_width of costs is 1d.", "bucket_width");
            }
            return Width.COST_DAY;
        }
        for (Width width : List.of(Width.DAY, Width.HOUR, Width.MINUTE)) {
            if (given == null || width.wire.equals(given)) {
                return width;
            }
        }
        throw refused("bucket_width must be 1m, 1h or 1d.", "bucket_width");
    }

    private static long pageStart(String page) throws ApiFailure {
        if (!page.matches("page_\\d{1,12}")) {
            throw refused("page must be the next_page of the page before.", "page");
        }
        return Long.parseLong(page.substring("page_".length()));
    }

    private static long number(String text, String field) throws ApiFailure {
        if (!text.matches("\\d{1,12}")) {
            throw refused(field + " must be a whole number.", field);
        }
        return Long.parseLong(text);
    }

    private static Instant time(long seconds, String field) throws ApiFailure {
        Instant moment = seconds > 0 && seconds < LATEST.getEpochSecond() ? Instant.ofEpochSecond(seconds) : EARLIEST;
        if (!moment.isAfter(EARLIEST)) {
            throw refused(field + " must be seconds since 1970, between the years 2000 and 2100.", field);
        }
        return moment;
    }

    private static ObjectNode page(UsageAnswer answer, Stretch stretch, List<String> groups, boolean costs) {
        Map<String, List<UsageAnswer.Line>> byBucket = new LinkedHashMap<>();
        for (UsageAnswer.Line line : answer.lines()) {
            byBucket.computeIfAbsent(line.keys().getFirst(), key -> new ArrayList<>())
                    .add(line);
        }
        ObjectNode page = JSON.objectNode();
        page.put("object", "page");
        ArrayNode data = page.putArray("data");
        for (Instant start : stretch.starts()) {
            ObjectNode bucket = data.addObject();
            bucket.put("object", "bucket");
            bucket.put("start_time", start.getEpochSecond());
            bucket.put("end_time", start.plus(1, stretch.width().unit).getEpochSecond());
            ArrayNode results = bucket.putArray("results");
            for (UsageAnswer.Line line :
                    byBucket.getOrDefault(stretch.width().key.format(start), List.of())) {
                Map<String, String> group = new LinkedHashMap<>();
                for (int i = 0; i < groups.size(); i++) {
                    group.put(groups.get(i), line.keys().get(i + 1));
                }
                results.add(costs ? costs(line.sums(), group, answer.currency()) : completions(line.sums(), group));
            }
        }
        page.put("has_more", stretch.next() != null);
        page.put(
                "next_page",
                stretch.next() == null ? null : "page_" + stretch.next().getEpochSecond());
        return page;
    }

    private static ObjectNode completions(UsageSums sums, Map<String, String> group) {
        ObjectNode result = JSON.objectNode();
        result.put("object", "organization.usage.completions.result");
        result.put("input_tokens", sums.inputTokens());
        result.put("output_tokens", sums.outputTokens());
        result.put("input_cached_tokens", sums.cachedTokens());
        result.put("input_audio_tokens", 0);
        result.put("output_audio_tokens", 0);
        result.put("num_model_requests", sums.calls());
        for (String field : List.of("project_id", "user_id", "api_key_id", "model", "batch", "service_tier")) {
            result.put(field, known(group.get(field)));
        }
        return result;
    }

    private static ObjectNode costs(UsageSums sums, Map<String, String> group, String currency) {
        ObjectNode result = JSON.objectNode();
        result.put("object", "organization.costs.result");
        ObjectNode amount = result.putObject("amount");
        BigDecimal cost = sums.cost() == null ? BigDecimal.ZERO : UsageTable.plain(sums.cost());
        amount.set("value", JSON.numberNode(cost));
        amount.put("currency", currency.toLowerCase(Locale.ROOT));
        for (String field : List.of("line_item", "project_id", "user_id", "api_key_id")) {
            result.put(field, known(group.get(field)));
        }
        return result;
    }

    private static @Nullable String known(@Nullable String value) {
        return "-".equals(value) ? null : value;
    }

    private static ApiFailure refused(String message, String field) {
        return new ApiFailure(ApiError.INVALID_VALUE, message, field);
    }
}
