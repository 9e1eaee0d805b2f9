package dev.understudy.admin;

import dev.understudy.slm.SlmModelFactory;
import io.smallrye.health.api.Wellness;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Are small models on a GPU, and if not, why? Up either way: without one they run on the CPU. */
@Wellness
@Singleton
class CudaHealth implements HealthCheck {
    private final SlmModelFactory engines;

    CudaHealth(SlmModelFactory engines) {
        this.engines = engines;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("cuda")
                .withData("proof", "CUDA: unproven on hardware")
                .withData("setting", engines.cudaUse())
                .withData("state", engines.cuda())
                .up()
                .build();
    }
}
