package dev.understudy.admin;

import dev.understudy.policy.PolicyStore;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Is there a policy set to decide by? Broken files on disk are told, but the set in force goes on. */
@Readiness
@Singleton
class PolicyHealth implements HealthCheck {
    private final PolicyStore policies;

    PolicyHealth(PolicyStore policies) {
        this.policies = policies;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("policy")
                .withData("revision", policies.current().revision())
                .withData("errors", policies.lastLoaded().errors())
                .up()
                .build();
    }
}
