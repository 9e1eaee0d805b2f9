package dev.understudy.admin;

import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import dev.understudy.policy.StoredSlmSwitch;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The switch for all small models. */
@Path("/api/slm")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "policy")
public class SlmResource {
    private final StoredSlmSwitch slmSwitch;
    private final SecurityIdentity identity;

    SlmResource(StoredSlmSwitch slmSwitch, SecurityIdentity identity) {
        this.slmSwitch = slmSwitch;
        this.identity = identity;
    }

    /**
     * Where the switch shall stand.
     *
     * @param enabled whether small models may answer
     */
    public record Wish(@NotNull Boolean enabled) {}

    /** Where it stands. */
    @GET
    @RolesAllowed(Roles.ANALYST)
    @Operation(summary = "Whether small models may answer")
    public SlmLine position() {
        return SlmLine.of(slmSwitch.position());
    }

    /** Moves it: here at once, for the other gateways on the database within two seconds. */
    @PUT
    @RolesAllowed(Roles.OPS)
    @Operation(
            summary = "Switch small models off or on",
            description = "Off, large models answer what they may; a rule without one denies. A restart keeps it.")
    public Uni<SlmLine> move(@NotNull @Valid Wish wish) {
        return slmSwitch
                .move(wish.enabled(), identity.getPrincipal().getName())
                .map(SlmLine::of)
                .onFailure()
                .transform(failure -> new ApiFailure(
                        ApiError.SERVER_IS_OVERLOADED,
                        "The database did not answer, so the switch may not have moved. Look again in a moment."));
    }
}
