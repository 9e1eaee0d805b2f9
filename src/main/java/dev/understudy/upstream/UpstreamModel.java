package dev.understudy.upstream;

import dev.understudy.call.Api;
import dev.understudy.call.Secret;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.ListedModel;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.ModelLister;
import dev.understudy.model.Passage;
import dev.understudy.model.Readiness;
import dev.understudy.model.Relay;
import dev.understudy.model.RelaySink;
import dev.understudy.model.Relayed;
import dev.understudy.openai.Deviation;
import dev.understudy.telemetry.Keys;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.FastThreadLocal;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One model behind a base URL. It has one HTTP client per event loop, so that a call and its upstream call stay on one
 * thread, and one set of {@link Slots} and one {@link Breaker} for all of them. HTTP/1.1 with connections kept alive.
 */
final class UpstreamModel implements Model, ModelLister, Relay, Breaker.Watcher {
    private static final Logger LOG = Logger.getLogger(UpstreamModel.class);
    private static final int KEEP_ALIVE_SECONDS = 55;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int TLS_PORT = 443;
    private static final int PLAIN_PORT = 80;
    /** Bytes of an answer's head; some providers send long policies. */
    private static final int HEADER_BYTES = 64 << 10;

    private final Vertx vertx;
    private final MeterRegistry meters;
    private final ModelCard card;
    private final ModelCard.Place.Upstream place;
    private final RequestOptions chat;
    private final RequestOptions responses;
    private final RequestOptions models;
    private final Slots slots;
    private final Breaker breaker = new Breaker(this);
    private volatile boolean usageRefused;
    private final Queue<HttpClient> made = new ConcurrentLinkedQueue<>();
    private final FastThreadLocal<HttpClient> clients = new FastThreadLocal<>() {
        @Override
        protected HttpClient initialValue() {
            HttpClient client = newClient();
            made.add(client);
            return client;
        }
    };
    private final FastThreadLocal<Deadlines> deadlines = new FastThreadLocal<>() {
        @Override
        protected Deadlines initialValue() {
            return new Deadlines(vertx);
        }
    };

    UpstreamModel(Vertx vertx, MeterRegistry meters, ModelCard card, ModelCard.Place.Upstream place) {
        this.vertx = vertx;
        this.meters = meters;
        this.card = card;
        this.place = place;
        this.chat = options(place.baseUrl(), "/chat/completions");
        this.responses = options(place.baseUrl(), "/responses");
        this.models = options(place.baseUrl(), "/models").setMethod(HttpMethod.GET);
        this.slots = new Slots(card.limits().maxConcurrent(), card.limits().maxConcurrent());
    }

    @Override
    public ModelCard card() {
        return card;
    }

    @Override
    public Readiness readiness() {
        return switch (place.credential()) {
            case ModelCard.Credential.Missing missing -> Readiness.unavailable("no API key: set " + missing.missing());
            case ModelCard.Credential.None none -> health();
            case ModelCard.Credential.Ours ours -> health();
            case ModelCard.Credential.Forward forward -> health();
        };
    }

    private Readiness health() {
        if (breaker.level() == 0) {
            return Readiness.READY;
        }
        int wait = breaker.waitSeconds(System.nanoTime());
        return wait == 0 ? Readiness.READY : Readiness.failing("too many of its answers have failed of late", wait);
    }

    /**
     * Leaves the upstream alone when it asks for more time than a client should be told to wait. A caller whose own key is
     * shown does not speak for others: its account may be full, and theirs not.
     */
    void heed(int status, int waitSeconds) {
        boolean forAll = status >= 500 || (status == TOO_MANY_REQUESTS && !forwards());
        if (forAll && waitSeconds > Breaker.LONGEST.toSeconds()) {
            breaker.leaveAlone(Breaker.LONGEST, System.nanoTime());
        }
    }

    /** Why a question is not sent while the breaker is open. */
    ModelFailure isLeftAlone() {
        return ModelFailure.of(
                ModelFailure.Code.UPSTREAM_FAILING,
                "The model `" + card.name() + "` has failed too often of late and is left alone for a moment."
                        + " Please try again.",
                ModelFailure.Again.NO,
                Math.max(1, breaker.waitSeconds(System.nanoTime())));
    }

    @Override
    public void opened(Duration time) {
        meters.counter(Meters.UPSTREAM_TRIPS, Meters.UPSTREAM, card.name()).increment();
        LOG.warnf("upstream left alone %s=%s %s=%d", Keys.MODEL, card.name(), Keys.MILLIS, time.toMillis());
    }

    @Override
    public void closed() {
        LOG.infof("upstream asked again %s=%s", Keys.MODEL, card.name());
    }

    @Override
    public Asked ask(Ask ask, AnswerSink sink) {
        UpstreamAsk asked = new UpstreamAsk(this, ask, sink);
        asked.start();
        return asked;
    }

    @Override
    public Relayed relay(Passage passage, RelaySink sink) {
        UpstreamRelay relayed = new UpstreamRelay(this, passage, sink);
        relayed.start();
        return relayed;
    }

    @Override
    public CompletionStage<List<ListedModel>> list(@Nullable Secret providerKey) {
        ListQuestion question = new ListQuestion(vertx);
        client().request(models).onComplete(connected -> {
            if (connected.succeeded()) {
                question.send(connected.result(), credentialFor(providerKey));
            } else {
                question.fail("was not reached");
            }
        });
        return question.answer();
    }

    @Override
    public void close() {
        for (HttpClient client = made.poll(); client != null; client = made.poll()) {
            client.close();
        }
    }

    Vertx vertx() {
        return vertx;
    }

    ModelCard.Place.Upstream place() {
        return place;
    }

    /** Where questions of that part of the surface are sent. */
    RequestOptions optionsFor(Api api) {
        return switch (api) {
            case CHAT -> chat;
            case RESPONSES -> responses;
            case OTHER -> throw new IllegalArgumentException("no question is of api other");
        };
    }

    /** How that path below the base URL is reached. */
    RequestOptions at(String method, String path) {
        return options(place.baseUrl(), path).setMethod(HttpMethod.valueOf(method));
    }

    Slots slots() {
        return slots;
    }

    Breaker breaker() {
        return breaker;
    }

    /** The time limits of the calling event loop's questions. */
    Deadlines deadlines() {
        return deadlines.get();
    }

    /** The client of the calling event loop; made on first use. */
    HttpClient client() {
        return clients.get();
    }

    /** What is shown to the upstream for this question; null for nothing. */
    @Nullable
    Secret credentialFor(Ask ask) {
        return credentialFor(ask.providerKey());
    }

    /** What is shown to the upstream for a caller with that key of its own; null for nothing. */
    @Nullable
    Secret credentialFor(@Nullable Secret providerKey) {
        return switch (place.credential()) {
            case ModelCard.Credential.Ours ours -> ours.key();
            case ModelCard.Credential.Forward forward -> providerKey;
            case ModelCard.Credential.None none -> null;
            case ModelCard.Credential.Missing missing -> null;
        };
    }

    boolean forwards() {
        return place.credential() instanceof ModelCard.Credential.Forward;
    }

    boolean showsOurKey() {
        return place.credential() instanceof ModelCard.Credential.Ours;
    }

    /** Whether the wish for a usage chunk may be added to a stream: not once the upstream was seen to refuse it. */
    boolean takesUsageWish() {
        return !usageRefused;
    }

    /** Remembers that the upstream answers without that wish what it refuses with it. */
    void refusesUsageWish() {
        usageRefused = true;
    }

    /** Counts something that had to be put right, or could not be. */
    void countDeviation(Deviation kind, int times) {
        meters.counter(Meters.DEVIATION, Meters.UPSTREAM, card.name(), Meters.KIND, kind.wire())
                .increment(times);
    }

    private HttpClient newClient() {
        int most = card.limits().maxConcurrent();
        return vertx.httpClientBuilder()
                .with(new HttpClientOptions()
                        .setKeepAlive(true)
                        .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                        .setTcpNoDelay(true)
                        .setMaxHeaderSize(HEADER_BYTES)
                        .setMaxChunkSize(HEADER_BYTES)
                        .setVerifyHost(true)
                        .setSslHandshakeTimeout(card.limits().connect().toMillis())
                        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
                        .setName("upstream-" + card.name()))
                .with(new PoolOptions().setHttp1MaxSize(most).setMaxWaitQueueSize(most))
                // Without one the library logs what is wrong with an answer, in the upstream's own words.
                .withConnectHandler(connection -> connection.exceptionHandler(cause -> {}))
                .build();
    }

    private RequestOptions options(URI base, String path) {
        boolean tls = "https".equalsIgnoreCase(base.getScheme());
        int port = base.getPort() > 0 ? base.getPort() : tls ? TLS_PORT : PLAIN_PORT;
        String root = base.getRawPath() == null ? "" : base.getRawPath();
        return new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setSsl(tls)
                .setHost(base.getHost())
                .setPort(port)
                .setURI(root.endsWith("/") ? root.substring(0, root.length() - 1) + path : root + path)
                .setConnectTimeout(card.limits().connect().toMillis());
    }
}
