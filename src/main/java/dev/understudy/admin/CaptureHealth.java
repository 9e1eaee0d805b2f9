package dev.understudy.admin;

import dev.understudy.capture.CaptureState;
import dev.understudy.capture.CaptureWatch;
import io.smallrye.health.api.Wellness;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Are calls being written down? Answers go on without it, so this is no question of readiness. */
@Wellness
@Singleton
class CaptureHealth implements HealthCheck {
    private final CaptureWatch watch;

    CaptureHealth(CaptureWatch watch) {
        this.watch = watch;
    }

    @Override
    public HealthCheckResponse call() {
        CaptureState state = watch.state();
        return HealthCheckResponse.named("capture")
                .withData("waiting", state.waiting())
                .withData("written", state.written())
                .withData("lost", state.lost())
                .status(state.databaseReachable())
                .build();
    }
}
