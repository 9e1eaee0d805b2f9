package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.capture.Recorder;
import dev.understudy.telemetry.Keys;
import dev.understudy.verify.Ladder;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.MultithreadEventExecutorGroup;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.impl.VertxInternal;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The agents' door: an HTTP server of its own, one instance on each event loop, with nothing between the socket and the
 * exchange. When the gateway stops it takes no new calls and gives those under way half a minute.
 */
@ApplicationScoped
public class AgentsDoor {
    private static final Logger LOG = Logger.getLogger(AgentsDoor.class);
    /** After everything that a call needs. */
    private static final int LATE = 5_000;
    /** Before everything that a call needs is stopped. */
    private static final int EARLY = 100;

    private static final Duration DRAIN = Duration.ofSeconds(30);
    private static final Duration OPEN = Duration.ofSeconds(30);
    private static final int HEADER_BYTES = 64 << 10;
    private static final int LINE_BYTES = 8 << 10;
    /** Longer than any answer may be silent, so that only dead connections meet it. */
    private static final int IDLE_SECONDS = 660;

    private static final int LINGER_MILLIS = 20;

    private final Vertx vertx;
    private final House house;
    private final String listen;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile boolean draining;
    private volatile int port;
    private @Nullable String deployment;

    @Inject
    AgentsDoor(
            Vertx vertx,
            Judgement judgement,
            Ladder ladder,
            Recorder recorder,
            MeterRegistry meters,
            InstantSource clock,
            RandomGenerator random,
            HeldIds held,
            @ConfigProperty(name = "understudy.listen") String listen) {
        this(
                new House(
                        vertx,
                        judgement,
                        ladder,
                        recorder,
                        new CallMeters(meters),
                        clock,
                        Pace.PROMISED,
                        new BodyRoom(BodyLimits.standard()),
                        random,
                        held),
                listen);
    }

    AgentsDoor(House house, String listen) {
        this.vertx = house.vertx();
        this.house = house;
        this.listen = listen;
    }

    void start(@Observes @Priority(LATE) StartupEvent event) {
        try {
            open();
            LOG.infof("agents' door opened %s=%d", Keys.PORT, port);
        } catch (IllegalStateException e) {
            LOG.fatal(e.getMessage());
            Quarkus.asyncExit(1);
        }
    }

    void stop(@Observes @Priority(EARLY) ShutdownEvent event) {
        close();
    }

    /** The port that is listened on, which differs from the setting when that is 0. */
    public int port() {
        return port;
    }

    /** Calls that are not over. */
    public int inFlight() {
        return inFlight.get();
    }

    /**
     * Listens.
     *
     * @throws IllegalStateException with one line for a person when it cannot
     */
    void open() {
        int colon = listen.lastIndexOf(':');
        String host = colon < 0 ? "" : listen.substring(0, colon).replaceAll("[\\[\\]]", "");
        int said = portOf(listen, colon);
        // To the library a negative number is any free port, one for all that name the same number.
        int wanted = said == 0 ? -RandomGenerator.getDefault().nextInt(1, Integer.MAX_VALUE) : said;
        ModelList models = new ModelList(house.clock().instant());
        try {
            deployment = vertx.deployVerticle(
                            () -> new Instance(host, wanted, models),
                            new DeploymentOptions().setInstances(loops(((VertxInternal) vertx).getEventLoopGroup())))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(OPEN.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e instanceof ExecutionException ? e.getCause() : e;
            throw new IllegalStateException("the agents' door cannot listen on " + listen + " ("
                    + (cause == null ? "no reason given" : cause.getMessage())
                    + "): end the program that does, or set UNDERSTUDY_LISTEN=host:port");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the start was interrupted");
        }
    }

    /** Takes no new calls, waits for those under way, then closes. */
    void close() {
        draining = true;
        long until = System.nanoTime() + DRAIN.toNanos();
        while (inFlight.get() > 0 && System.nanoTime() < until) {
            try {
                TimeUnit.MILLISECONDS.sleep(LINGER_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        String opened = deployment;
        deployment = null;
        if (opened != null) {
            try {
                vertx.undeploy(opened)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(OPEN.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                LOG.warnf("agents' door not closed %s=%s", Keys.REASON, e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static int portOf(String listen, int colon) {
        try {
            if (colon > 0) {
                return Integer.parseInt(listen.substring(colon + 1));
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new IllegalStateException(
                "understudy.listen must be host:port such as 127.0.0.1:8080, was '" + listen + "'");
    }

    private static int loops(EventLoopGroup group) {
        return group instanceof MultithreadEventExecutorGroup many ? many.executorCount() : 1;
    }

    /** The door on one event loop. */
    private final class Instance extends AbstractVerticle {
        private final String host;
        private final int wanted;
        private final ModelList models;

        Instance(String host, int wanted, ModelList models) {
            this.host = host;
            this.wanted = wanted;
            this.models = models;
        }

        @Override
        public void start(Promise<Void> started) {
            Reception reception =
                    new Reception(house, context, RandomGenerator.getDefault(), models, inFlight, () -> draining);
            HttpServer server = vertx.createHttpServer(options());
            server.connectionHandler(reception::connected)
                    .requestHandler(reception::take)
                    .invalidRequestHandler(reception::takeInvalid)
                    .listen(wanted, host)
                    .onSuccess(listening -> port = listening.actualPort())
                    .<Void>mapEmpty()
                    .onComplete(started);
        }

        private static HttpServerOptions options() {
            return new HttpServerOptions()
                    .setTcpNoDelay(true)
                    .setReuseAddress(true)
                    .setHttp2ClearTextEnabled(false)
                    .setMaxHeaderSize(HEADER_BYTES)
                    .setMaxInitialLineLength(LINE_BYTES)
                    .setMaxChunkSize(HEADER_BYTES)
                    .setIdleTimeout(IDLE_SECONDS)
                    .setCompressionSupported(false);
        }
    }
}
