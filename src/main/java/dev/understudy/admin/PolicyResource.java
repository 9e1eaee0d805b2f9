package dev.understudy.admin;

import dev.understudy.policy.PolicyLoader;
import dev.understudy.policy.PolicyStore;
import dev.understudy.policy.Problem;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The policy files of this gateway: whether they are sound, and taking them at once. */
@Path("/api/policy")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ANALYST)
@Tag(name = "policy")
public class PolicyResource {
    private final PolicyStore store;
    private final PolicyLoader loader = PolicyLoader.ofProcess();

    PolicyResource(PolicyStore store) {
        this.store = store;
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
