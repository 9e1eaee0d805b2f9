package dev.understudy.serve;

import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.Kind;
import dev.understudy.call.LateAttempt;
import dev.understudy.call.Loop;
import dev.understudy.call.Phase;
import dev.understudy.call.Purpose;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.capture.Recorder;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Price;
import dev.understudy.policy.Held;
import dev.understudy.testing.MemoryIds;
import dev.understudy.upstream.UpstreamModels;
import dev.understudy.verify.Ladder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An open door over hand-made models, with everything recorded in a list. */
final class DoorFixture implements AutoCloseable {
    static final String CALL = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final String STREAM =
            "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final String ANYWHERE = "127.0.0.1:0";
    static final Duration SECOND = Duration.ofSeconds(1);

    final Vertx vertx;
    final List<Interaction> recorded = Collections.synchronizedList(new ArrayList<>());
    final List<LateAttempt> late = Collections.synchronizedList(new ArrayList<>());
    private final Recorder recorder = new Recorder() {
        @Override
        public void record(Interaction interaction) {
            recorded.add(interaction);
        }

        @Override
        public void record(LateAttempt attempt) {
            late.add(attempt);
        }
    };
    final MemoryIds held = new MemoryIds();
    final MeterRegistry meters = new SimpleMeterRegistry();
    final SessionLedger sessions = new SessionLedger(meters);
    final BodyRoom bodies;
    final AgentsDoor door;
    private final Map<String, ModelCard> cards = new LinkedHashMap<>();
    private final Map<String, Function<ModelCard, Model>> makers = new LinkedHashMap<>();
    private final List<Decision.Target> targets = new ArrayList<>();
    private volatile Kind kind = Kind.ANSWER;
    private volatile Sensitivity sensitivity = Sensitivity.INTERNAL;
    private volatile Decision.@Nullable Denial denial;
    private volatile Decision.Action action = Decision.Action.LLM;
    private volatile Demands demands = Demands.NONE;
    private volatile Decision.@Nullable Mirror mirror;
    private volatile @Nullable Secret providerKey;
    private volatile @Nullable RuntimeException fault;
    private volatile String team = "local";
    private volatile List<String> mayAsk = List.of("*");
    private volatile List<Decision.Dropped> dropped = List.of();
    private volatile @Nullable String decided;
    private @Nullable LiveModels models;

    DoorFixture(Vertx vertx) {
        this(vertx, Pace.PROMISED, BodyLimits.standard(), Listening.plain(ANYWHERE));
    }

    DoorFixture(Vertx vertx, Pace pace) {
        this(vertx, pace, BodyLimits.standard(), Listening.plain(ANYWHERE));
    }

    DoorFixture(Vertx vertx, BodyLimits limits) {
        this(vertx, Pace.PROMISED, limits, Listening.plain(ANYWHERE));
    }

    DoorFixture(Vertx vertx, Listening listening) {
        this(vertx, Pace.PROMISED, BodyLimits.standard(), listening);
    }

    private DoorFixture(Vertx vertx, Pace pace, BodyLimits limits, Listening listening) {
        this.vertx = vertx;
        this.bodies = new BodyRoom(limits);
        Ladder ladder = new Ladder();
        House house = new House(
                vertx,
                new FixedJudgement(),
                ladder,
                recorder,
                new CallMeters(meters),
                InstantSource.system(),
                pace,
                bodies,
                new Random(7),
                held,
                sessions,
                new Mirrors(vertx, ladder, recorder, meters));
        this.door = new AgentsDoor(house, listening);
    }

    /** Adds a large model behind a base URL as the next target. */
    DoorFixture upstream(String name, String baseUrl) {
        return upstream(name, baseUrl, new ModelCard.Credential.None(), limits());
    }

    DoorFixture upstream(String name, String baseUrl, ModelCard.Credential credential, ModelCard.Limits limits) {
        ModelCard card = card(
                name,
                Tier.LLM,
                new ModelCard.Place.Upstream(URI.create(baseUrl), null, credential, Set.of("chat")),
                limits);
        return target(card, made -> new UpstreamModels(vertx, meters).make(made, catalogue()));
    }

    /** Adds a large model that its upstream knows by another name. */
    DoorFixture upstreamCalled(String name, String baseUrl, String model) {
        ModelCard card = card(
                name,
                Tier.LLM,
                new ModelCard.Place.Upstream(
                        URI.create(baseUrl), model, new ModelCard.Credential.None(), Set.of("chat")),
                limits());
        return target(card, made -> new UpstreamModels(vertx, meters).make(made, catalogue()));
    }

    /** Adds a small model as the next target. */
    DoorFixture small(String name, Function<ModelCard, Model> maker) {
        ModelCard.Place place = new ModelCard.Place.Weights(new ModelCard.Source.Path("w.gguf"), "cpu", 1, null, null);
        return target(card(name, Tier.SLM, place, limits()), maker);
    }

    DoorFixture kind(Kind said) {
        kind = said;
        return this;
    }

    DoorFixture sensitivity(Sensitivity said) {
        sensitivity = said;
        return this;
    }

    /** The decision is a cascade from then on: a small model first, the next target where it fails. */
    DoorFixture cascade(Demands asked) {
        action = Decision.Action.CASCADE;
        demands = asked;
        return this;
    }

    /** What a decision asks of answers, whoever gives them. */
    DoorFixture demands(Decision.Action by, Demands asked) {
        action = by;
        demands = asked;
        return this;
    }

    /** Calls are asked once more of that small model, which is none of the targets, when they have been answered. */
    DoorFixture mirror(String name, int maxInflight, Function<ModelCard, Model> maker) {
        ModelCard.Place place = new ModelCard.Place.Weights(new ModelCard.Source.Path("w.gguf"), "cpu", 1, null, null);
        cards.put(name, card(name, Tier.SLM, place, limits()));
        makers.put(name, maker);
        action = Decision.Action.SHADOW;
        mirror = new Decision.Mirror(name, Decision.Mirror.Reason.RULE, 1, maxInflight);
        return this;
    }

    DoorFixture deny(Decision.Denial said) {
        denial = said;
        return this;
    }

    DoorFixture providerKey(String key) {
        providerKey = new Secret(key);
        return this;
    }

    /** Calls come from that team from then on. */
    DoorFixture team(String name) {
        team = name;
        return this;
    }

    /** What the caller may ask for. */
    DoorFixture mayAsk(String... globs) {
        mayAsk = List.of(globs);
        return this;
    }

    /** The decision falls on that target alone from then on. */
    DoorFixture decided(String name) {
        decided = name;
        return this;
    }

    DoorFixture dropped(Decision.Dropped... models) {
        dropped = List.of(models);
        return this;
    }

    DoorFixture fault(RuntimeException thrown) {
        fault = thrown;
        return this;
    }

    DoorFixture open() {
        models = LiveModels.of(catalogue(), null, new LiveModels.Maker() {
            @Override
            public boolean isSame(Model live, Catalogue before, Catalogue now) {
                return true;
            }

            @Override
            public Model make(String name, Catalogue catalogue) {
                return Objects.requireNonNull(makers.get(name)).apply(Objects.requireNonNull(cards.get(name)));
            }
        });
        door.open();
        return this;
    }

    int port() {
        return door.port();
    }

    /** The one interaction, once it is there. */
    Interaction interaction() {
        await().until(() -> !recorded.isEmpty());
        if (recorded.size() != 1) {
            throw new AssertionError("expected one interaction, got " + recorded.size());
        }
        return recorded.getFirst();
    }

    static ModelCard.Limits limits() {
        return limits(64, Duration.ofSeconds(20));
    }

    static ModelCard.Limits limits(int concurrent, Duration each) {
        return new ModelCard.Limits(concurrent, SECOND, each, each, each, each, each, each);
    }

    @Override
    public void close() {
        door.close();
        if (models != null) {
            models.release();
        }
    }

    private DoorFixture target(ModelCard card, Function<ModelCard, Model> maker) {
        cards.put(card.name(), card);
        makers.put(card.name(), maker);
        targets.add(new Decision.Target(card.name(), targets.isEmpty() ? Attempt.Role.SERVE : Attempt.Role.FALLBACK));
        return this;
    }

    private Catalogue catalogue() {
        return Catalogue.of("USD", null, cards);
    }

    private static ModelCard card(String name, Tier tier, ModelCard.Place place, ModelCard.Limits limits) {
        LocalDate from = LocalDate.of(2026, 1, 1);
        Price price = tier == Tier.SLM
                ? new Price(from, "*", null, null, null, BigDecimal.ONE)
                : new Price(from, "*", BigDecimal.ONE, null, BigDecimal.TEN, null);
        return new ModelCard(
                name,
                tier,
                false,
                place,
                null,
                Set.of("chat"),
                null,
                limits,
                ModelCard.OutputMayTrain.ASK,
                null,
                List.of(price));
    }

    /** The rooms below, all of one mind. */
    private final class FixedJudgement implements Judgement {
        @Override
        public Future<Caller> caller(
                @Nullable String authorization,
                @Nullable String apiKey,
                boolean loopback,
                Map<String, String> headers) {
            return Future.succeededFuture(new Caller(
                    team,
                    "default",
                    null,
                    Map.of(),
                    mayAsk,
                    false,
                    Set.of(Purpose.DEBUG),
                    null,
                    Sensitivity.INTERNAL,
                    providerKey));
        }

        @Override
        public Ruling judge(Call call, Caller caller, Held held) {
            RuntimeException thrown = fault;
            if (thrown != null) {
                throw thrown;
            }
            LiveModels live = models;
            if (live == null || !live.hold()) {
                throw new IllegalStateException("not open");
            }
            Signals signals = new Signals(
                    "0123456789abcdef",
                    Signals.SiteMatch.EXACT,
                    "task",
                    Signals.TaskState.KNOWN,
                    "",
                    kind,
                    Phase.USER_TURN,
                    "session",
                    "call",
                    1,
                    7,
                    sensitivity,
                    Loop.NONE,
                    false,
                    false,
                    Map.of(),
                    Map.of(),
                    1);
            CaptureOrder capture = new CaptureOrder(CaptureOrder.Level.FULL, 1, Set.of(Purpose.DEBUG), Set.of(), "all");
            List<Decision.Target> chosen = targets.stream()
                    .filter(target -> held.owner() == null
                            ? decided == null || target.model().equals(decided)
                            : target.model().equals(held.owner()))
                    .map(this::inItsRole)
                    .toList();
            Decision.Denial refused = denial != null ? denial : refusal(held, chosen);
            return new Ruling(
                    signals,
                    new Decision(
                            "0123456789ab",
                            "everyone/default",
                            action,
                            refused == null ? chosen : List.of(),
                            dropped,
                            held.owner() == null ? Decision.Basis.RULE : Decision.Basis.HELD_ID,
                            null,
                            1.0,
                            refused == null ? mirror : null,
                            demands,
                            capture,
                            refused,
                            "because"),
                    live);
        }

        private Decision.Target inItsRole(Decision.Target target) {
            return action == Decision.Action.CASCADE && target.role() == Attempt.Role.FALLBACK
                    ? new Decision.Target(target.model(), Attempt.Role.ESCALATE)
                    : target;
        }

        private Decision.@Nullable Denial refusal(Held held, List<Decision.Target> chosen) {
            if (held.conflict() != null) {
                return held.conflict();
            }
            if (chosen.isEmpty()) {
                return held.lost();
            }
            ModelCard first = cards.get(chosen.getFirst().model());
            boolean forwards = first != null
                    && first.place() instanceof ModelCard.Place.Upstream upstream
                    && upstream.credential() instanceof ModelCard.Credential.Forward;
            return forwards ? null : held.unknown();
        }

        @Override
        public void reported(Call call, TokenCount tokens) {}

        @Override
        public Future<ModelNames> modelsFor(Caller caller) {
            return Future.succeededFuture(new ModelNames(List.copyOf(cards.values()), List.of()));
        }
    }
}
