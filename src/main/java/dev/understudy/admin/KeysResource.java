package dev.understudy.admin;

import dev.understudy.access.ApiKeys;
import dev.understudy.access.CallerLookup;
import dev.understudy.access.KeyRecord;
import dev.understudy.policy.PolicyStore;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestPath;
import org.jspecify.annotations.Nullable;

/** API keys: made, listed, revoked. A key is shown once, in the answer that makes it. */
@Path("/api/keys")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMIN)
@Tag(name = "keys")
public class KeysResource {
    private static final String NAME = "[a-z][a-z0-9-]{0,62}";

    private final ApiKeys keys;
    private final CallerLookup lookup;
    private final PolicyStore policies;
    private final InstantSource clock;

    KeysResource(ApiKeys keys, CallerLookup lookup, PolicyStore policies, InstantSource clock) {
        this.keys = keys;
        this.lookup = lookup;
        this.policies = policies;
        this.clock = clock;
    }

    /**
     * A key that somebody wants.
     *
     * @param name what to call it; null: nothing
     * @param expiresInDays null: never
     */
    public record Wish(
            @NotNull @Pattern(regexp = NAME, message = "must be the name of a team")
            String team,

            @NotNull @Pattern(regexp = NAME, message = "must be the name of an app")
            String app,

            @Nullable @Size(min = 1, max = 100) String name,
            @Nullable @Min(1) @Max(3650) Integer expiresInDays) {}

    /**
     * A key, as far as anybody may see it.
     *
     * @param key the whole key, in the answer that makes it; else null
     */
    public record KeyLine(
            @Nullable String key,
            UUID id,
            String prefix,
            String team,
            String app,
            @Nullable String name,
            Instant createdAt,
            @Nullable Instant expiresAt,
            @Nullable Instant revokedAt) {
        static KeyLine of(@Nullable String key, KeyRecord record) {
            return new KeyLine(
                    key,
                    record.id(),
                    record.prefix(),
                    record.team(),
                    record.app(),
                    record.name(),
                    record.createdAt(),
                    record.expiresAt(),
                    record.revokedAt());
        }
    }

    /** Makes a key for an app that the policy files know. */
    @POST
    @Operation(summary = "Make a key", description = "The only answer that shows it.")
    public Uni<Response> create(@NotNull @Valid Wish wish) {
        if (policies.current().access().app(wish.team(), wish.app()) == null) {
            boolean team = policies.current().access().teams().containsKey(wish.team());
            String message = team
                    ? "The team has no such app in the policy files."
                    : "There is no such team in the policy files.";
            return Uni.createFrom()
                    .item(Refusal.invalidValue(message, team ? "app" : "team").response());
        }
        Integer days = wish.expiresInDays();
        Instant expiresAt = days == null ? null : clock.instant().plus(Duration.ofDays(days));
        return keys.create(wish.team(), wish.app(), wish.name(), expiresAt)
                .map(made -> Response.status(Response.Status.CREATED)
                        .entity(KeyLine.of(made.key(), made.record()))
                        .build());
    }

    /** All keys, oldest first. */
    @GET
    @Operation(summary = "All keys", description = "Also those that are no longer good; never the keys themselves.")
    public Uni<List<KeyLine>> list() {
        return keys.list()
                .map(records ->
                        records.stream().map(record -> KeyLine.of(null, record)).toList());
    }

    /** Revokes a key for good, at once in this process and within ten seconds in others. */
    @DELETE
    @Path("/{prefix}")
    @Operation(summary = "Revoke a key", description = "By the eight digits after usk_.")
    public Uni<Response> revoke(
            @RestPath @Pattern(regexp = "[0-9A-Za-z]{8}", message = "must be the eight digits after usk_")
                    String prefix) {
        return keys.revoke(prefix)
                .invoke(found -> lookup.forgetKeys())
                .map(found -> found.map(
                                record -> Response.ok(KeyLine.of(null, record)).build())
                        .orElseGet(() -> Refusal.notFound("There is no key with these digits.")
                                .response()));
    }
}
