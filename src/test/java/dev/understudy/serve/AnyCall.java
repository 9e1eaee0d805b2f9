package dev.understudy.serve;

import dev.understudy.call.Api;
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
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerEnd;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.Catalogue;
import dev.understudy.model.Frame;
import dev.understudy.model.LocalRun;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Price;
import dev.understudy.model.Readiness;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import dev.understudy.openai.ChatWriter;
import dev.understudy.policy.Held;
import dev.understudy.testing.MemoryIds;
import dev.understudy.verify.Ladder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One call through the whole exchange, on a real event loop, with models and a client that do what a plan says. */
final class AnyCall {
    static final String SMALL_SAYS = "small talk ";
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":"
                    + "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}},\"required\":[\"id\"],"
                    + "\"additionalProperties\":false}}}],\"parallel_tool_calls\":false,"
                    + "\"tool_choice\":\"required\",";

    /** What a small model does. */
    enum Small {
        TEXT,
        LONG_TEXT,
        TOOL_CALL,
        EMPTY,
        BLANK,
        MARKUP,
        BROKEN_ARGUMENTS,
        UNKNOWN_TOOL,
        UNPARSED,
        CUT,
        SILENT,
        STUCK,
        OVERLOADED,
        DEADLINE,
        CRASH,
        CRASH_IN_TEXT,
        THROWS;

        boolean isGood() {
            return switch (this) {
                case TEXT, LONG_TEXT, TOOL_CALL -> true;
                case EMPTY,
                        BLANK,
                        MARKUP,
                        BROKEN_ARGUMENTS,
                        UNKNOWN_TOOL,
                        UNPARSED,
                        CUT,
                        SILENT,
                        STUCK,
                        OVERLOADED,
                        DEADLINE,
                        CRASH,
                        CRASH_IN_TEXT,
                        THROWS -> false;
            };
        }
    }

    /** What a large model does. */
    enum Large {
        OK,
        EMPTY,
        STATUS_400,
        STATUS_500,
        RESET,
        TIMEOUT,
        TRUNCATED,
        THROWS
    }

    /**
     * A behaviour of everybody.
     *
     * @param tool whether the call asks for a tool call
     * @param inside whether the first large model may see restricted contents
     * @param leavesAfter when the client leaves, in milliseconds; negative: never
     * @param paces milliseconds that the models take, one after the other
     */
    record Plan(
            Decision.Action action,
            boolean stream,
            boolean tool,
            boolean longBody,
            boolean restricted,
            boolean inside,
            boolean forwards,
            Small small,
            Large first,
            Large second,
            int leavesAfter,
            List<Integer> paces) {
        Plan {
            paces = List.copyOf(paces);
        }

        static Plan any(Random random) {
            Decision.Action[] actions = {
                Decision.Action.SLM,
                Decision.Action.CASCADE,
                Decision.Action.CASCADE,
                Decision.Action.LLM,
                Decision.Action.SHADOW
            };
            List<Integer> paces = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                paces.add(random.nextInt(4));
            }
            return new Plan(
                    actions[random.nextInt(actions.length)],
                    random.nextBoolean(),
                    random.nextInt(3) == 0,
                    random.nextInt(8) == 0,
                    random.nextInt(6) == 0,
                    random.nextInt(3) == 0,
                    random.nextInt(4) == 0,
                    random.nextInt(5) == 0 ? Small.TEXT : any(Small.values(), random),
                    random.nextInt(3) == 0 ? Large.OK : any(Large.values(), random),
                    random.nextInt(3) == 0 ? Large.OK : any(Large.values(), random),
                    random.nextInt(4) == 0 ? random.nextInt(12) : -1,
                    paces);
        }

        /** What throws, and so is logged with its trace, comes last and is rare. */
        private static <T> T any(T[] all, Random random) {
            return random.nextInt(100) == 0 ? all[all.length - 1] : all[random.nextInt(all.length - 1)];
        }

        /** Whether a large model may be asked at all. */
        boolean mayGoOutside() {
            return !restricted || inside;
        }

        @Override
        public String toString() {
            return "%s stream=%s tool=%s long=%s restricted=%s inside=%s forwards=%s small=%s large=%s,%s leaves=%d %s"
                    .formatted(
                            action,
                            stream,
                            tool,
                            longBody,
                            restricted,
                            inside,
                            forwards,
                            small,
                            first,
                            second,
                            leavesAfter,
                            paces);
        }
    }

    /** What all calls of a test share: the house, and where their records go. */
    static final class Stage {
        final Vertx vertx;
        final Context loop;
        final House house;
        private final Map<UUID, AnyCall> calls = new ConcurrentHashMap<>();

        Stage(Vertx vertx, Context loop) {
            this.vertx = vertx;
            this.loop = loop;
            Ladder ladder = new Ladder();
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            Recorder recorder = new Recorder() {
                @Override
                public void record(Interaction interaction) {
                    of(interaction.call().id()).recorded.add(interaction);
                }

                @Override
                public void record(LateAttempt attempt) {
                    of(attempt.call().id()).late.add(attempt);
                }
            };
            this.house = new House(
                    vertx,
                    new NoJudgement(),
                    ladder,
                    recorder,
                    new CallMeters(meters),
                    InstantSource.system(),
                    new Pace(Duration.ofMillis(4), Duration.ofMillis(3), Duration.ofSeconds(60)),
                    new BodyRoom(BodyLimits.standard()),
                    new Random(7),
                    new MemoryIds(),
                    new SessionLedger(meters),
                    new Mirrors(vertx, ladder, recorder, meters));
        }

        private AnyCall of(UUID call) {
            return Objects.requireNonNull(calls.get(call));
        }
    }

    final Plan plan;
    final FakeClient client;
    final List<Interaction> recorded = Collections.synchronizedList(new ArrayList<>());
    final List<LateAttempt> late = Collections.synchronizedList(new ArrayList<>());
    final List<String> violations = Collections.synchronizedList(new ArrayList<>());
    final Set<URI> addressesOfKey = new LinkedHashSet<>();
    final AtomicInteger outsideAsked = new AtomicInteger();
    private final @Nullable Reply given;
    private final Stage stage;
    private final Call call;
    private final Caller caller;
    private final Map<String, ModelCard> cards = new LinkedHashMap<>();
    private final Map<String, Actor> open = new ConcurrentHashMap<>();
    private final LiveModels models;
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger mirrorsAsked = new AtomicInteger();
    private volatile boolean gone;
    private boolean running;
    private int pace;

    AnyCall(Stage stage, Plan plan) {
        this(stage, plan, null);
    }

    /**
     * A call whose small model answers as is said.
     *
     * @param given null: as the plan says
     */
    AnyCall(Stage stage, Plan plan, @Nullable Reply given) {
        this.stage = stage;
        this.plan = plan;
        this.given = given;
        UUID id = UUID.randomUUID();
        this.client = new FakeClient(id);
        this.call = read(id, plan);
        this.caller = new Caller(
                "local",
                "default",
                null,
                Map.of(),
                List.of("*"),
                false,
                Set.of(Purpose.DEBUG),
                null,
                Sensitivity.INTERNAL,
                plan.forwards() ? new Secret("sk-the-callers-own") : null);
        card(
                "small",
                Tier.SLM,
                true,
                new ModelCard.Place.Weights(new ModelCard.Source.Path("w"), "cpu", 1, null, null));
        card(
                "mirror",
                Tier.SLM,
                true,
                new ModelCard.Place.Weights(new ModelCard.Source.Path("w"), "cpu", 1, null, null));
        card("large0", Tier.LLM, plan.inside(), upstream(0));
        card("large1", Tier.LLM, false, upstream(1));
        this.models = LiveModels.of(Catalogue.of("USD", null, cards), null, new LiveModels.Maker() {
            @Override
            public boolean isSame(Model live, Catalogue before, Catalogue now) {
                return true;
            }

            @Override
            public Model make(String name, Catalogue catalogue) {
                return new Actor(Objects.requireNonNull(cards.get(name)));
            }
        });
        stage.calls.put(id, this);
    }

    private ModelCard.Place upstream(int number) {
        ModelCard.Credential credential =
                plan.forwards() ? new ModelCard.Credential.Forward() : new ModelCard.Credential.None();
        return new ModelCard.Place.Upstream(
                URI.create("http://127.0.0.1:1/" + number), null, credential, Set.of("chat"));
    }

    private void card(String name, Tier tier, boolean inside, ModelCard.Place place) {
        LocalDate from = LocalDate.of(2026, 1, 1);
        Price price = tier == Tier.SLM
                ? new Price(from, "*", null, null, null, BigDecimal.ONE)
                : new Price(from, "*", BigDecimal.ONE, null, BigDecimal.TEN, null);
        ModelCard.Limits limits = new ModelCard.Limits(8, LONG, LONG, LONG, LONG, LONG, LONG, LONG);
        cards.put(
                name,
                new ModelCard(
                        name,
                        tier,
                        inside,
                        place,
                        null,
                        Set.of("chat"),
                        null,
                        limits,
                        ModelCard.OutputMayTrain.ASK,
                        null,
                        List.of(price)));
    }

    private static Call read(UUID id, Plan plan) {
        String text = plan.longBody() ? "word ".repeat(4_000) : "hi";
        String body = "{\"model\":\"m\",\"stream\":" + plan.stream() + "," + (plan.tool() ? TOOLS : "")
                + "\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
        try {
            return CallReader.read(
                    Api.CHAT, id, Instant.now(), System.nanoTime(), body.getBytes(StandardCharsets.UTF_8), Map.of());
        } catch (ApiFailure e) {
            throw new IllegalStateException(e);
        }
    }

    /** On the loop. */
    void begin() {
        Ruling ruling = new Ruling(signals(), decision(), models);
        CallRecord record = new CallRecord(stage.house, call, caller, System.nanoTime(), () -> {});
        Exchange exchange = new Exchange(
                stage.house,
                stage.loop,
                call,
                caller,
                ruling,
                MultiMap.caseInsensitiveMultiMap(),
                client.answer,
                record);
        running = true;
        if (plan.leavesAfter() >= 0) {
            stage.vertx.setTimer(plan.leavesAfter() + 1L, fired -> {
                if (recorded.isEmpty() && client.ends == 0) {
                    gone = true;
                    client.gone = true;
                    exchange.gone();
                    open.values().stream()
                            .filter(one -> !one.isOver())
                            .forEach(one -> violations.add(one.card.name() + " works on though the client has left"));
                }
            });
        }
        boolean largeFirst = plan.action() == Decision.Action.LLM || plan.action() == Decision.Action.SHADOW;
        exchange.run();
        if (largeFirst && plan.mayGoOutside() && !open.containsKey("large0") && plan.first() != Large.THROWS) {
            violations.add("the large model was not asked at once");
        }
    }

    private Signals signals() {
        return new Signals(
                "0123456789abcdef",
                Signals.SiteMatch.EXACT,
                "task",
                Signals.TaskState.KNOWN,
                "",
                plan.tool() ? Kind.TOOL_CALL : Kind.ANSWER,
                Phase.USER_TURN,
                "session",
                "call",
                1,
                7,
                plan.restricted() ? Sensitivity.RESTRICTED : Sensitivity.INTERNAL,
                Loop.NONE,
                false,
                false,
                Map.of(),
                Map.of(),
                1);
    }

    /** The targets as policy would give them, but for what is restricted: that must be safe without it. */
    private Decision decision() {
        List<Decision.Target> targets = switch (plan.action()) {
            case SLM ->
                List.of(
                        new Decision.Target("small", Attempt.Role.SERVE),
                        new Decision.Target("large0", Attempt.Role.FALLBACK));
            case CASCADE ->
                List.of(
                        new Decision.Target("small", Attempt.Role.SERVE),
                        new Decision.Target("large0", Attempt.Role.ESCALATE));
            case LLM, SHADOW ->
                List.of(
                        new Decision.Target("large0", Attempt.Role.SERVE),
                        new Decision.Target("large1", Attempt.Role.FALLBACK));
            case DENY -> throw new IllegalStateException();
        };
        Decision.Mirror mirror = plan.action() == Decision.Action.SHADOW
                ? new Decision.Mirror("mirror", Decision.Mirror.Reason.RULE, 1, 1_000)
                : null;
        // Small models that never end are given up by the budget; a rule of action slm has none, so it lends one.
        Demands demands = new Demands(Duration.ofMillis(8), null, Demands.Secrets.OFF, List.of());
        boolean bounded =
                plan.action() == Decision.Action.CASCADE || plan.small() == Small.SILENT || plan.small() == Small.STUCK;
        CaptureOrder capture = new CaptureOrder(CaptureOrder.Level.FULL, 1, Set.of(Purpose.DEBUG), Set.of(), "all");
        return new Decision(
                "0123456789ab",
                "everyone/any",
                plan.action(),
                targets,
                List.of(),
                Decision.Basis.RULE,
                null,
                1,
                mirror,
                bounded ? demands : Demands.NONE,
                capture,
                null,
                "because");
    }

    @Override
    public String toString() {
        return plan + " " + given;
    }

    boolean isOver() {
        return running && !recorded.isEmpty() && late.size() == mirrorsAsked.get() && (gone || released());
    }

    /** Whether every model was closed, once, since nobody holds it any more. */
    boolean released() {
        return closed.get() == cards.size();
    }

    /** Whether the large model that answers has something to say. */
    boolean saysSomething() {
        String served = recorded.getFirst().attempts().getLast().model();
        return (served.equals("large0") ? plan.first() : plan.second()) != Large.EMPTY;
    }

    private int nextPace() {
        return plan.paces().get(pace++ % plan.paces().size());
    }

    /** A model that does what the plan says. */
    private final class Actor implements Model {
        private final ModelCard card;
        private final ChatWriter writer;
        private @Nullable AnswerSink sink;
        private boolean accepted;
        private boolean over;

        Actor(ModelCard card) {
            this.card = card;
            this.writer = new ChatWriter("chatcmpl-" + card.name(), 1, card.name(), "fp", false);
        }

        boolean isOver() {
            return over;
        }

        @Override
        public ModelCard card() {
            return card;
        }

        @Override
        public Readiness readiness() {
            return Readiness.READY;
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }

        @Override
        public Asked ask(Ask ask, AnswerSink asks) {
            if (gone && !card.name().equals("mirror")) {
                violations.add(card.name() + " was asked though the client has left");
            }
            note(ask);
            sink = asks;
            over = false;
            accepted = false;
            boolean small = card.tier() == Tier.SLM;
            if (small ? plan.small() == Small.THROWS : behaviour() == Large.THROWS) {
                over = true;
                throw new IllegalStateException("on purpose");
            }
            open.put(card.name(), this);
            later(small ? this::answerSmall : this::answerLarge);
            return new Asked() {
                @Override
                public void cancel() {
                    if (!over && accepted && small) {
                        later(() -> asks.spent(run()));
                    }
                    over = true;
                }

                @Override
                public void pause() {}

                @Override
                public void resume() {}
            };
        }

        private void note(Ask ask) {
            if (card.name().equals("mirror")) {
                mirrorsAsked.incrementAndGet();
                if (client.ends != 1 || ask.providerKey() != null) {
                    violations.add("a mirror before the end of the answer, or with the caller's key");
                }
                if (plan.restricted() && !card.staysInside()) {
                    violations.add("a mirror outside");
                }
            }
            if (!card.staysInside()) {
                outsideAsked.incrementAndGet();
            }
            Secret key = ask.providerKey();
            if (key != null && card.place() instanceof ModelCard.Place.Upstream upstream) {
                addressesOfKey.add(upstream.baseUrl());
            }
        }

        private Large behaviour() {
            return card.name().equals("large0") ? plan.first() : plan.second();
        }

        private void later(Runnable then) {
            int millis = nextPace();
            if (millis == 0) {
                stage.loop.runOnContext(run -> then.run());
            } else {
                stage.vertx.setTimer(millis, fired -> then.run());
            }
        }

        private void tell(Consumer<AnswerSink> what) {
            AnswerSink to = sink;
            if (!over && to != null) {
                what.accept(to);
            }
        }

        private void end(Consumer<AnswerSink> what) {
            AnswerSink to = sink;
            if (!over && to != null) {
                over = true;
                what.accept(to);
            }
        }

        private LocalRun run() {
            return new LocalRun("variant", "cpu", 3_600, 10, 1.5, 2.5, "raw");
        }

        private void answerSmall() {
            if (plan.small() == Small.STUCK) {
                return;
            }
            if (plan.small() == Small.OVERLOADED) {
                end(to -> to.failed(ModelFailure.of(ModelFailure.Code.OVERLOADED, "full")));
                return;
            }
            accepted = true;
            tell(to -> to.accepted(Accepted.LOCAL));
            Reply said = given;
            if (said != null) {
                whole(said, 1);
                return;
            }
            switch (plan.small()) {
                case TEXT -> whole(reply(SMALL_SAYS), 2);
                case LONG_TEXT -> whole(reply(SMALL_SAYS), 50);
                case EMPTY -> whole(reply(""), 0);
                case BLANK -> whole(reply("  \n"), 1);
                case MARKUP -> whole(reply("<tool_call>{"), 1);
                case CUT -> whole(new Reply(null, List.of(made("{\"id\":7}")), "length", null), 0);
                case TOOL_CALL -> whole(new Reply(null, List.of(made("{\"id\":7}")), "tool_calls", null), 0);
                case BROKEN_ARGUMENTS -> whole(new Reply(null, List.of(made("{\"id\":")), "tool_calls", null), 0);
                case UNKNOWN_TOOL ->
                    whole(new Reply(null, List.of(new Reply.ToolCall("c1", "lose", "{}")), "tool_calls", null), 0);
                case UNPARSED -> later(() -> finish(new Reply(null, List.of(), "stop", "cut_off")));
                case DEADLINE -> later(() -> fail(ModelFailure.Code.DEADLINE));
                case CRASH -> later(() -> fail(ModelFailure.Code.INTERNAL));
                case CRASH_IN_TEXT -> {
                    tell(to -> to.frame(writer.role()));
                    int words = 5 + 15 * nextPace();
                    for (int i = 0; i < words; i++) {
                        String word = SMALL_SAYS + i + ' ';
                        tell(to -> to.frame(writer.content(word)));
                    }
                    later(() -> fail(ModelFailure.Code.INTERNAL));
                }
                case SILENT -> tell(to -> to.frame(writer.role()));
                case STUCK, OVERLOADED, THROWS -> throw new IllegalStateException();
            }
        }

        private Reply reply(String text) {
            return new Reply(text.isEmpty() ? null : text, List.of(), "stop", null);
        }

        private Reply.ToolCall made(String arguments) {
            return new Reply.ToolCall("c1", "find", arguments);
        }

        private void whole(Reply reply, int words) {
            later(() -> {
                String content = reply.content();
                if (plan.stream()) {
                    tell(to -> to.frame(writer.role()));
                    for (int i = 0; content != null && i < words; i++) {
                        String word = words < 3 ? content : content + i + ' ';
                        tell(to -> to.frame(writer.content(word)));
                    }
                    for (int i = 0; i < reply.calls().size(); i++) {
                        Reply.ToolCall toolCall = reply.calls().get(i);
                        tell(to -> to.frame(writer.toolCall(0, toolCall.id(), toolCall.name())));
                        tell(to -> to.frame(writer.arguments(0, toolCall.arguments())));
                    }
                    tell(to -> to.frame(writer.finish(reply.finish())));
                    tell(to -> to.frame(ChatWriter.done()));
                } else {
                    tell(to -> to.frame(writer.document(reply, tokens())));
                }
                later(() -> finish(reply));
            });
        }

        private void finish(Reply reply) {
            end(to -> to.ended(new AnswerEnd(reply.finish(), tokens(), reply, run())));
        }

        private void fail(ModelFailure.Code code) {
            end(to -> to.failed(new ModelFailure(code, "on purpose", null, null, null, Map.of(), run())));
        }

        private TokenCount tokens() {
            return new TokenCount(9, 0, 4, TokenCount.Source.REPORTED);
        }

        private void answerLarge() {
            switch (behaviour()) {
                case OK, EMPTY, TRUNCATED -> {
                    tell(to -> to.accepted(new Accepted(200, Map.of(), "up_1")));
                    later(this::speak);
                }
                case STATUS_400 -> upstreamError(400);
                case STATUS_500 -> upstreamError(500);
                case RESET ->
                    end(to -> to.failed(ModelFailure.of(ModelFailure.Code.UPSTREAM_UNAVAILABLE, "it was reset")));
                case TIMEOUT ->
                    later(() -> end(to -> to.failed(ModelFailure.of(ModelFailure.Code.UPSTREAM_TIMEOUT, "too slow"))));
                case THROWS -> throw new IllegalStateException();
            }
        }

        private void upstreamError(int status) {
            Buffer body = Buffer.buffer(
                    "{\"error\":{\"message\":\"no\",\"type\":\"server_error\",\"param\":null,\"code\":null}}");
            end(to -> to.failed(
                    new ModelFailure(ModelFailure.Code.UPSTREAM_ERROR, "no", null, status, body, Map.of(), null)));
        }

        private void speak() {
            String text = behaviour() == Large.EMPTY ? "" : card.name() + " ";
            Reply reply = new Reply(text, List.of(), "stop", null);
            if (!plan.stream()) {
                if (behaviour() == Large.TRUNCATED) {
                    end(to -> to.failed(ModelFailure.of(ModelFailure.Code.UPSTREAM_MALFORMED, "half a document")));
                } else {
                    tell(to -> to.frame(writer.document(reply, tokens())));
                    end(to -> to.ended(new AnswerEnd("stop", tokens(), null, null)));
                }
                return;
            }
            tell(to -> to.frame(writer.role()));
            int words = text.isEmpty() ? 0 : 1 + nextPace();
            for (int i = 0; i < words; i++) {
                tell(to -> to.frame(writer.content(text)));
            }
            if (behaviour() == Large.TRUNCATED) {
                later(() -> end(to -> to.failed(ModelFailure.of(ModelFailure.Code.UPSTREAM_TRUNCATED, "it was cut"))));
                return;
            }
            later(() -> {
                Frame finish = writer.finish("stop");
                tell(to -> to.frame(finish));
                tell(to -> to.frame(ChatWriter.done()));
                end(to -> to.ended(new AnswerEnd("stop", tokens(), null, null)));
            });
        }
    }

    /** Never asked: the decision is there already. */
    private static final class NoJudgement implements Judgement {
        @Override
        public Future<Caller> caller(
                @Nullable String authorization,
                @Nullable String apiKey,
                boolean loopback,
                Map<String, String> headers) {
            throw new AssertionError("the decision is there already");
        }

        @Override
        public Ruling judge(Call call, Caller caller, Held held) {
            throw new AssertionError("the decision is there already");
        }

        @Override
        public void reported(Call call, TokenCount tokens) {}

        @Override
        public Future<ModelNames> modelsFor(Caller caller) {
            throw new AssertionError("the decision is there already");
        }
    }
}
