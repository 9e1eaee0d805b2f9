package dev.understudy.capture;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** Puts the room together, starts it with the gateway and ends it after the doors are shut. */
@Singleton
final class CaptureSource {
    /** Doors shut at the default priority, which is lower and so comes first. */
    private static final int AFTER_THE_DOORS = 5_000;

    private final CaptureQueue queue;

    CaptureSource(
            DataFolder folder,
            TableSink sink,
            LiveFeed feed,
            MeterRegistry meters,
            InstantSource clock,
            RandomGenerator random)
            throws StoreFailure {
        this.queue = new CaptureQueue(
                CaptureLimits.standard(Runtime.getRuntime().maxMemory()),
                new RowMaker(new ArgumentsHash(folder.installationSecret())),
                sink,
                feed::show,
                meters,
                clock,
                random);
    }

    @Produces
    @Singleton
    Recorder recorder() {
        return queue;
    }

    @Produces
    @Singleton
    CaptureWatch watch() {
        return queue;
    }

    void start(@Observes StartupEvent started) {
        queue.start();
    }

    void stop(@Observes @Priority(AFTER_THE_DOORS) ShutdownEvent ending) {
        queue.close();
    }
}
