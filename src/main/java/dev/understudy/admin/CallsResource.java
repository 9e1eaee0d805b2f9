package dev.understudy.admin;

import dev.understudy.capture.CallLine;
import dev.understudy.capture.KeptBodies;
import dev.understudy.usage.CallLog;
import dev.understudy.usage.CallStory;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/** Calls that are written down: the newest, and one in full. */
@Path("/api/calls")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ANALYST)
@Tag(name = "calls")
public class CallsResource {
    private static final String ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

    private static final Refusal NO_SUCH_CALL =
            Refusal.notFound("There is no call of that id; one that has just ended may not be written yet.");

    private final CallLog log;
    private final KeptBodies bodies;
    private final SecurityIdentity identity;

    CallsResource(CallLog log, KeptBodies bodies, SecurityIdentity identity) {
        this.log = log;
        this.bodies = bodies;
        this.identity = identity;
    }

    /** The newest calls first. */
    @GET
    @Operation(
            summary = "The newest calls",
            description = "Of the last 31 days; before is the id of the last one seen.")
    public Uni<List<CallLine>> newest(
            @RestQuery @DefaultValue("50") @Min(1) @Max(500) int limit,
            @RestQuery @Pattern(regexp = ID, message = "must be the id of a call") @Nullable String before) {
        return log.newest(limit, before == null ? null : UUID.fromString(before));
    }

    /** One call's whole way; its contents are for ops only. */
    @GET
    @Path("/{id}")
    @Operation(summary = "One call's way", description = "With attempts, reasons and drops; for ops with its contents.")
    public Uni<Response> one(@RestPath @Pattern(regexp = ID, message = "must be the id of a call") String id) {
        UUID call = UUID.fromString(id);
        return log.story(call)
                .chain(story -> story.map(found -> found(call, found))
                        .orElseGet(() -> Uni.createFrom().item(NO_SUCH_CALL::response)));
    }

    private Uni<Response> found(UUID call, CallStory story) {
        Uni<OneCall> whole = identity.hasRole(Roles.OPS)
                ? bodies.of(call).map(kept -> new OneCall(story, kept))
                : Uni.createFrom().item(new OneCall(story, null));
        return whole.map(one -> Response.ok(one).build());
    }
}
