package dev.understudy.admin;

import dev.understudy.policy.StoredSlmSwitch;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** May small models answer? Off is what somebody wanted, and so no reason to send calls elsewhere. */
@Readiness
@Singleton
class SlmHealth implements HealthCheck {
    private final StoredSlmSwitch slmSwitch;

    SlmHealth(StoredSlmSwitch slmSwitch) {
        this.slmSwitch = slmSwitch;
    }

    @Override
    public HealthCheckResponse call() {
        StoredSlmSwitch.Position position = slmSwitch.position();
        var answer = HealthCheckResponse.named("small models");
        if (position == null) {
            answer.withData("switch", "off, since the database cannot be asked");
        } else {
            answer.withData("switch", position.enabled() ? "on" : "off");
            if (position.at() != null) {
                answer.withData("since", position.at().toString());
            }
        }
        return answer.up().build();
    }
}
