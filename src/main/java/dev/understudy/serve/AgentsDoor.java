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
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.impl.VertxInternal;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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

    /** For the errors of calls that were broken off to leave. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private static final Duration OPEN = Duration.ofSeconds(30);
    /** The setting of a door without TLS. */
    private static final String NO_TLS = "none";

    private static final int LINGER_MILLIS = 20;

    private final Vertx vertx;
    private final House house;
    private final Listening listening;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final List<Instance> instances = new CopyOnWriteArrayList<>();
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
            SessionLedger sessions,
            TlsConfigurationRegistry certificates,
            @ConfigProperty(name = "understudy.listen") String listen,
            @ConfigProperty(name = "understudy.tls") String tls) {
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
                        held,
                        sessions,
                        new Mirrors(vertx, ladder, recorder, meters)),
                new Listening(listen, named(tls, certificates), Listening.DRAIN));
    }

    AgentsDoor(House house, Listening listening) {
        this.vertx = house.vertx();
        this.house = house;
        this.listening = listening;
    }

    private static @Nullable TlsConfiguration named(String tls, TlsConfigurationRegistry certificates) {
        if (tls.equals(NO_TLS)) {
            return null;
        }
        return certificates
                .get(tls)
                .orElseThrow(() -> new IllegalStateException("understudy.tls names the TLS configuration '" + tls
                        + "', which is not there: give its certificate by quarkus.tls." + tls + ".key-store..."));
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

    /** A certificate was renewed: connections from now on are shown the new one. */
    @SuppressWarnings("ReferenceEquality") // the registry has one object for each name
    void renewed(@Observes CertificateUpdatedEvent event) {
        if (event.tlsConfiguration() == listening.tls()) {
            renew(event.tlsConfiguration());
        }
    }

    /** Shows that certificate from now on; connections that are open keep theirs. */
    void renew(TlsConfiguration certificate) {
        for (Instance instance : instances) {
            instance.renew(certificate);
        }
        LOG.info("certificate of the agents' door renewed");
    }

    /** Whether it speaks TLS. */
    public boolean isSecured() {
        return listening.tls() != null;
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
        String host = listening.host();
        int said = listening.port();
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
            throw new IllegalStateException("the agents' door cannot listen on " + listening.at() + " ("
                    + (cause == null ? "no reason given" : cause.getMessage())
                    + "): end the program that does, or set UNDERSTUDY_LISTEN=host:port");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the start was interrupted");
        }
    }

    /** Takes no new calls, waits for those under way, breaks off what is left, then closes. */
    void close() {
        draining = true;
        house.mirrors().close();
        await(listening.drain());
        int left = inFlight.get();
        if (left > 0) {
            LOG.warnf(
                    "calls broken off %s=%d %s=%d",
                    Keys.COUNT, left, Keys.MILLIS, listening.drain().toMillis());
            instances.forEach(Instance::breakOff);
            await(LAST_WORDS);
        }
        undeploy();
    }

    private void await(Duration longest) {
        long until = System.nanoTime() + longest.toNanos();
        while (inFlight.get() > 0 && System.nanoTime() < until) {
            try {
                TimeUnit.MILLISECONDS.sleep(LINGER_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void undeploy() {
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

    private static int loops(EventLoopGroup group) {
        return group instanceof MultithreadEventExecutorGroup many ? many.executorCount() : 1;
    }

    /** The door on one event loop. */
    private final class Instance extends AbstractVerticle {
        private final String host;
        private final int wanted;
        private final ModelList models;
        private final UnderWay underWay = new UnderWay(inFlight);
        private @Nullable HttpServer server;

        Instance(String host, int wanted, ModelList models) {
            this.host = host;
            this.wanted = wanted;
            this.models = models;
        }

        @Override
        public void start(Promise<Void> started) {
            Reception reception =
                    new Reception(house, context, RandomGenerator.getDefault(), models, underWay, () -> draining);
            // made here, so that it is closed with this instance
            HttpServer made = vertx.createHttpServer(DoorOptions.of(listening.tls()));
            server = made;
            instances.add(this);
            made.connectionHandler(reception::connected)
                    .requestHandler(reception::take)
                    .invalidRequestHandler(reception::takeInvalid)
                    .listen(wanted, host)
                    .onSuccess(listens -> port = listens.actualPort())
                    .<Void>mapEmpty()
                    .onComplete(started);
        }

        void renew(TlsConfiguration certificate) {
            context.runOnContext(run -> {
                if (server != null) {
                    server.updateSSLOptions(certificate.getSSLOptions().setUseAlpn(true))
                            .onFailure(cause ->
                                    LOG.errorf("certificate not taken %s=%s", Keys.REASON, cause.getMessage()));
                }
            });
        }

        void breakOff() {
            context.runOnContext(run -> underWay.breakOff());
        }
    }
}
