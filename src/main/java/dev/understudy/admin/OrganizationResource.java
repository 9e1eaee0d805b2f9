package dev.understudy.admin;

import dev.understudy.usage.OrganizationUsage;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.UriInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/** OpenAI's organization endpoints, so that tools which read them read us. */
@Path("/v1/organization")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ANALYST)
@Tag(name = "usage")
public class OrganizationResource {
    /** OpenAI's name of a filter to the field of a result that it looks at. */
    private static final Map<String, String> FILTERS =
            Map.of("project_ids", "project_id", "user_ids", "user_id", "api_key_ids", "api_key_id", "models", "model");

    private final OrganizationUsage usage;

    OrganizationResource(OrganizationUsage usage) {
        this.usage = usage;
    }

    /** Tokens and requests, in buckets of time. */
    @GET
    @Path("/usage/completions")
    @Operation(summary = "Usage in OpenAI's shape", description = "A project is a team, a user is an app.")
    public Uni<String> completions(
            @RestQuery("start_time") @Nullable String startTime,
            @RestQuery("end_time") @Nullable String endTime,
            @RestQuery("bucket_width") @Nullable String bucketWidth,
            @RestQuery @Nullable String limit,
            @RestQuery @Nullable String page,
            UriInfo uri) {
        return usage.completions(request(startTime, endTime, bucketWidth, limit, page, uri))
                .map(Object::toString);
    }

    /** Money, in buckets of a day. */
    @GET
    @Path("/costs")
    @Operation(summary = "Costs in OpenAI's shape", description = "A line item is a model.")
    public Uni<String> costs(
            @RestQuery("start_time") @Nullable String startTime,
            @RestQuery("end_time") @Nullable String endTime,
            @RestQuery("bucket_width") @Nullable String bucketWidth,
            @RestQuery @Nullable String limit,
            @RestQuery @Nullable String page,
            UriInfo uri) {
        return usage.costs(request(startTime, endTime, bucketWidth, limit, page, uri))
                .map(Object::toString);
    }

    private static OrganizationUsage.Request request(
            @Nullable String startTime,
            @Nullable String endTime,
            @Nullable String bucketWidth,
            @Nullable String limit,
            @Nullable String page,
            UriInfo uri) {
        MultivaluedMap<String, String> query = uri.getQueryParameters();
        Map<String, List<String>> filters = new LinkedHashMap<>();
        FILTERS.forEach((name, field) -> filters.put(field, list(query, name)));
        return new OrganizationUsage.Request(
                startTime, endTime, bucketWidth, list(query, "group_by"), filters, limit, page);
    }

    /** A list, written as OpenAI's clients do ({@code name[]=a}), by repetition, or with commas. */
    private static List<String> list(MultivaluedMap<String, String> query, String name) {
        List<String> values = new ArrayList<>();
        for (String key : List.of(name, name + "[]")) {
            for (String value : query.getOrDefault(key, List.of())) {
                values.addAll(List.of(value.split(",")));
            }
        }
        return values;
    }
}
