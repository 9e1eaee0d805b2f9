package dev.understudy.admin;

import dev.understudy.capture.CaptureWatch;
import dev.understudy.model.Catalogue;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import dev.understudy.policy.PolicySet;
import dev.understudy.policy.PolicyStore;
import dev.understudy.policy.Problem;
import dev.understudy.policy.StoredSlmSwitch;
import dev.understudy.serve.AgentsDoor;
import dev.understudy.serve.ModelDirectory;
import io.smallrye.mutiny.Uni;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** How things stand, for the strip above the calls. */
@Path("/api/summary")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ANALYST)
@Tag(name = "calls")
public class SummaryResource {
    private final Figures figures;
    private final PolicyStore policies;
    private final ModelDirectory models;
    private final StoredSlmSwitch slmSwitch;
    private final CaptureWatch capture;
    private final AgentsDoor agents;
    private final String listen;

    SummaryResource(
            Figures figures,
            PolicyStore policies,
            ModelDirectory models,
            StoredSlmSwitch slmSwitch,
            CaptureWatch capture,
            AgentsDoor agents,
            @ConfigProperty(name = "understudy.listen") String listen) {
        this.figures = figures;
        this.policies = policies;
        this.models = models;
        this.slmSwitch = slmSwitch;
        this.capture = capture;
        this.agents = agents;
        this.listen = listen;
    }

    /** Calls, money, models, policies and capture at this moment. Answers also while the database is away. */
    @GET
    @Operation(summary = "How things stand")
    public Uni<Summary> summary() {
        return figures.get().map(sums -> {
            PolicySet set = policies.current();
            return new Summary(
                    baseUrl(listen, agents.port()),
                    set.catalogue().currency(),
                    figures.startedAt(),
                    sums.day(),
                    sums.sinceStart(),
                    models(set.catalogue()),
                    new Summary.PolicyLine(set.revision(), problems()),
                    SlmLine.of(slmSwitch.position()),
                    capture.state());
        });
    }

    private List<Summary.ModelLine> models(Catalogue catalogue) {
        return catalogue.cards().values().stream().map(this::model).toList();
    }

    private Summary.ModelLine model(ModelCard card) {
        Readiness readiness = models.readiness(card.name());
        return new Summary.ModelLine(
                card.name(), card.tier().wire(), readiness.state().wire(), readiness.reason());
    }

    private List<String> problems() {
        return policies.lastLoaded().problems().stream()
                .filter(Problem::isError)
                .map(Problem::toString)
                .toList();
    }

    /**
     * The agents' door as a program on this machine names it: an address that means all, or this machine, is localhost.
     *
     * @param listen host and port as configured
     * @param port where it does listen; 0 while it does not, then the configured one counts
     */
    static String baseUrl(String listen, int port) {
        int colon = listen.lastIndexOf(':');
        String host = listen.substring(0, Math.max(colon, 0));
        String named = switch (host) {
            case "", "0.0.0.0", "127.0.0.1", "[::]", "[::1]" -> "localhost";
            default -> host;
        };
        return "http://" + named + ":" + (port == 0 ? listen.substring(colon + 1) : port) + "/v1";
    }
}
