package dev.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.database.DataFolder;
import dev.understudy.database.EmbeddedServer;
import dev.understudy.testing.SampleCalls;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real server that is killed under load, and comes back. */
class DatabaseAwayTest {
    private static final int CALLS = 3_000;

    private final Vertx vertx = Vertx.vertx();
    private Path place;

    @BeforeEach
    void makePlace() throws IOException {
        Files.createDirectories(Path.of("target"));
        place = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "database-away");
        Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void removePlace() throws IOException {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        try (Stream<Path> all = Files.walk(place)) {
            for (Path path : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(path);
            }
        }
    }

    @Test
    void losesNothingAndMakesNobodyWait() throws Exception {
        DataFolder folder = DataFolder.open(place.resolve("data"));
        try (EmbeddedServer server = EmbeddedServer.start(folder, line -> {})) {
            Flyway.configure()
                    .dataSource(server.jdbcUrl(), server.user(), server.password())
                    .schemas("understudy")
                    .load()
                    .migrate();
            Pool pool = PgBuilder.pool()
                    .with(new PoolOptions().setMaxSize(2))
                    .connectingTo(PgConnectOptions.fromUri(server.reactiveUrl())
                            .setUser(server.user())
                            .setPassword(server.password())
                            .setProperties(Map.of("search_path", "understudy")))
                    .using(vertx)
                    .build();
            var mutiny = io.vertx.mutiny.sqlclient.Pool.newInstance(pool);
            InstantSource clock = InstantSource.system();
            CaptureQueue queue = new CaptureQueue(
                    CaptureLimits.standard(1L << 30),
                    new RowMaker(new ArgumentsHash(new byte[32])),
                    new TableSink(mutiny, new Partitions(mutiny, clock)),
                    lines -> {},
                    new SimpleMeterRegistry(),
                    clock,
                    new Random(2));
            queue.start();
            long longest = load(queue, server);
            await().atMost(Duration.ofSeconds(60)).until(() -> queue.state().written() == CALLS);
            assertThat(queue.state().lost()).isZero();
            assertThat(longest).as("nanoseconds").isLessThan(TimeUnit.SECONDS.toNanos(1));
            long rows = mutiny.query("select count(*) from interaction")
                    .execute()
                    .await()
                    .indefinitely()
                    .iterator()
                    .next()
                    .getLong(0);
            assertThat(rows).isEqualTo(CALLS);
            queue.close();
            pool.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    /** A thousand calls a second; the server is killed after the first. */
    private static long load(CaptureQueue queue, EmbeddedServer server) {
        SampleCalls calls = SampleCalls.at(Instant.now());
        long longest = 0;
        boolean away = false;
        long begin = System.nanoTime();
        for (int i = 0; i < CALLS; i++) {
            while (System.nanoTime() < begin + i * 1_000_000L) {
                LockSupport.parkNanos(200_000);
            }
            if (i == CALLS / 3) {
                ProcessHandle.of(server.pid()).orElseThrow().destroyForcibly();
            }
            long before = System.nanoTime();
            queue.record(calls.next());
            longest = Math.max(longest, System.nanoTime() - before);
            away |= !queue.state().databaseReachable();
        }
        assertThat(away).as("it was away").isTrue();
        return longest;
    }
}
