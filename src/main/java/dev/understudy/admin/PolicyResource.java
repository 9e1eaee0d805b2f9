package dev.understudy.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.understudy.inspect.Inspector;
import dev.understudy.openai.ApiFailure;
import dev.understudy.policy.Explanation;
import dev.understudy.policy.PolicyLoader;
import dev.understudy.policy.PolicyStore;
import dev.understudy.policy.Problem;
import dev.understudy.serve.ModelDirectory;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The policy files of this gateway: whether they are sound, and taking them at once. */
@Path("/api/policy")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ANALYST)
@Tag(name = "policy")
public class PolicyResource {
    private final PolicyStore store;
    private final Inspector inspector;
    private final ModelDirectory models;
    private final PolicyLoader loader = PolicyLoader.ofProcess();

    PolicyResource(PolicyStore store, Inspector inspector, ModelDirectory models) {
        this.store = store;
        this.inspector = inspector;
        this.models = models;
    }

    /**
     * What became of the files.
     *
     * @param sound whether they make a set
     * @param revision of the files, 12 hex digits
     * @param active revision in force, 12 hex digits
     * @param problems in the order of files and lines
     */
    public record Verdict(
            boolean sound, String revision, String active, long errors, long warnings, List<ProblemLine> problems) {}

    /** One problem, for a page or a program. */
    public record ProblemLine(String file, int line, int column, String code, String message, String hint) {
        static ProblemLine of(Problem problem) {
            return new ProblemLine(
                    problem.file(),
                    problem.line(),
                    problem.column(),
                    problem.code().wire(),
                    problem.message(),
                    problem.hint());
        }
    }

    /** Looks at the files as they are on disk; changes nothing. */
    @POST
    @Path("/validate")
    @Operation(summary = "Check the policy files", description = "All problems of the files on disk; nothing changes.")
    public Verdict validate() {
        return verdict(loader.load(store.folder()));
    }

    /** Takes the files as they are on disk, if they are sound. */
    @POST
    @Path("/reload")
    @RolesAllowed(Roles.OPS)
    @Operation(summary = "Take the policy files", description = "Broken files leave the set in force as it is.")
    public Verdict reload() {
        return verdict(store.reload());
    }

    /**
     * A request to explain.
     *
     * @param request a body of {@code POST /v1/chat/completions}
     * @param team null: that of anonymous callers
     * @param app null: that of anonymous callers, or {@code default} with another team
     * @param headers of the request; null: none
     * @param ownKey whether the caller sends a key for the provider; null: no
     */
    public record Question(
            @NotNull JsonNode request,
            @Nullable String team,
            @Nullable String app,
            @Nullable Map<String, String> headers,
            @Nullable Boolean ownKey) {}

    /**
     * How a call would be decided.
     *
     * @param lines the same for a terminal
     */
    public record Answer(Explanation explanation, List<String> lines) {}

    /** Decides on a request as the agents' door would; nothing is asked, counted or kept. */
    @POST
    @Path("/explain")
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Explain a decision", description = "Each rule with the first key that keeps it from holding.")
    public Answer explain(@NotNull @Valid Question question) throws ApiFailure {
        Map<String, String> headers = new HashMap<>();
        if (question.headers() != null) {
            question.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
        }
        Explanation explanation = new Explaining(inspector, store.current(), models::readiness)
                .explain(
                        question.request(),
                        question.team(),
                        question.app(),
                        headers,
                        Boolean.TRUE.equals(question.ownKey()));
        return new Answer(explanation, explanation.lines());
    }

    private Verdict verdict(PolicyLoader.Loaded loaded) {
        return new Verdict(
                loaded.set() != null,
                loaded.revision().substring(0, 12),
                store.current().revision(),
                loaded.errors(),
                loaded.warnings(),
                loaded.problems().stream().map(ProblemLine::of).toList());
    }
}
