package dev.understudy;

import dev.understudy.database.DataFolder;
import dev.understudy.database.EmbeddedServer;
import dev.understudy.database.StoreFailure;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The PostgreSQL that this run uses: an outside one when the settings name it, else one of our own, started before the framework and
 * stopped after it, so that what the application writes while it ends still arrives.
 */
final class Store {

    private static final String JDBC = "quarkus.datasource.jdbc.url";
    private static final String REACTIVE = "quarkus.datasource.reactive.url";
    private static final long SECONDS_TO_END = 40;

    private final CountDownLatch over = new CountDownLatch(1);

    private Store() {}

    /**
     * Starts our own server and points the framework at it, unless another is configured. On a reload in development mode the settings
     * of the first start are there already, so that no second server is started.
     */
    static Store open(Settings settings) throws StartFailure, StoreFailure {
        Store store = new Store();
        Optional<String> jdbc = settings.optional(JDBC);
        if (jdbc.isPresent() != settings.optional(REACTIVE).isPresent()) {
            throw new StartFailure("for an outside PostgreSQL set both %s and %s (environment: %s, %s)"
                    .formatted(JDBC, REACTIVE, Settings.variable(JDBC), Settings.variable(REACTIVE)));
        }
        if (jdbc.isEmpty()) {
            DataFolder folder = DataFolder.open(settings.folder("understudy.data"));
            EmbeddedServer server = EmbeddedServer.start(folder, line -> System.out.println("understudy: " + line));
            Runtime.getRuntime()
                    .addShutdownHook(
                            Thread.ofPlatform().name("store-end").unstarted(() -> store.stopAfterApplication(server)));
            System.setProperty(JDBC, server.jdbcUrl());
            System.setProperty(REACTIVE, server.reactiveUrl());
            System.setProperty("quarkus.datasource.username", server.user());
            System.setProperty("quarkus.datasource.password", server.password());
        }
        return store;
    }

    /** Lets the server go, once nothing writes any more. */
    void applicationIsOver() {
        over.countDown();
    }

    /** All hooks run at once when the JVM ends, the framework's own among them: this one waits its turn. */
    private void stopAfterApplication(EmbeddedServer server) {
        try {
            if (!over.await(SECONDS_TO_END, TimeUnit.SECONDS)) {
                System.err.println("understudy: the application did not end in " + SECONDS_TO_END
                        + " s; stopping PostgreSQL under it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.close();
    }
}
