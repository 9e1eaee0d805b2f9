package dev.understudy.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.usage.Dimension;
import dev.understudy.usage.Metric;
import dev.understudy.usage.UsageQueries;
import dev.understudy.usage.UsageQuestion;
import dev.understudy.usage.UsageQuestionReader;
import dev.understudy.usage.UsageTable;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.InstantSource;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Questions on usage: what it cost, what it saved, how long it took. */
@Path("/api/analytics")
@RolesAllowed(Roles.ANALYST)
@Tag(name = "usage")
public class UsageResource {
    private static final String CSV = "text/csv;charset=utf-8";

    private final UsageQueries queries;
    private final InstantSource clock;

    UsageResource(UsageQueries queries, InstantSource clock) {
        this.queries = queries;
        this.clock = clock;
    }

    /** Answers a question. */
    @POST
    @Path("/query")
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(
            summary = "Ask for figures",
            description =
                    "{metrics, groupBy, filters, from, to, limit, order, format: json | csv}; names as meta lists them.")
    public Uni<Response> query(@Nullable JsonNode question) throws ApiFailure {
        if (question == null) {
            throw new ApiFailure(ApiError.INVALID_JSON, "Send the question as a JSON object.", null);
        }
        UsageQuestion asked = UsageQuestionReader.read(question, clock.instant());
        JsonNode format = question.path("format");
        boolean csv = format.asText().equals("csv");
        if (!csv && !format.isMissingNode() && !format.asText().equals("json")) {
            throw new ApiFailure(ApiError.INVALID_VALUE, "format must be json or csv.", "format");
        }
        return queries.ask(asked)
                .map(answer -> csv
                        ? Response.ok(UsageTable.csv(answer), CSV).build()
                        : Response.ok(UsageTable.json(answer).toString(), MediaType.APPLICATION_JSON)
                                .build());
    }

    /** What may be asked for. */
    @GET
    @Path("/meta")
    @Produces(MediaType.APPLICATION_JSON)
    @Operation(summary = "What may be asked for", description = "Metrics with their units, groups, filters, limits.")
    public String meta() {
        ObjectNode meta = JsonNodeFactory.instance.objectNode();
        ArrayNode metrics = meta.putArray("metrics");
        for (Metric metric : Metric.values()) {
            metrics.addObject()
                    .put("name", metric.wire())
                    .put("unit", metric.unit())
                    .put("meaning", metric.meaning());
        }
        ArrayNode groups = meta.putArray("groups");
        for (Dimension dimension : Dimension.values()) {
            if (dimension.offered()) {
                groups.add(dimension.wire());
            }
        }
        meta.set("filters", groups.deepCopy());
        meta.put("mostGroups", UsageQuestion.MOST_GROUPS);
        return meta.toString();
    }
}
