package dev.understudy.admin;

import dev.understudy.model.Readiness.State;
import dev.understudy.policy.PolicyStore;
import dev.understudy.serve.ModelDirectory;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Can any model be asked? One that is missing is no reason to send calls elsewhere; none at all is. */
@Readiness
@Singleton
class ModelsHealth implements HealthCheck {
    private final PolicyStore policies;
    private final ModelDirectory models;

    ModelsHealth(PolicyStore policies, ModelDirectory models) {
        this.policies = policies;
        this.models = models;
    }

    @Override
    public HealthCheckResponse call() {
        var answer = HealthCheckResponse.named("models");
        boolean any = false;
        for (String name : policies.current().catalogue().cards().keySet()) {
            var readiness = models.readiness(name);
            State state = readiness.state();
            answer.withData(
                    name, readiness.reason().isEmpty() ? state.wire() : state.wire() + ": " + readiness.reason());
            models.facts(name).forEach((fact, value) -> answer.withData(name + "." + fact, value));
            // one that fails for the moment fails for every gateway alike: no reason to send calls elsewhere
            any |= state == State.READY || state == State.FAILING;
        }
        return answer.status(any).build();
    }
}
