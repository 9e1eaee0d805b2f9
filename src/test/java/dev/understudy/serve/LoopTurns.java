package dev.understudy.serve;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.Loop;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.call.VerifyStep;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.Inspector;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.TaskBook;
import dev.understudy.model.OwnerMarks;
import dev.understudy.model.Readiness;
import dev.understudy.model.Reply;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import dev.understudy.policy.Decider;
import dev.understudy.policy.PolicyLoader;
import dev.understudy.policy.PolicySet;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Generated turns of agents with tools through the real inspector, ledger of sessions and decider; only the models are
 * scripted. Two gateways of one installation take the calls in turns; they restart, models fail, rules and models go and
 * come, tools break, clients leave and repeat, calls come in parallel, agents change the API in the middle of a loop, and
 * some put calls of their own into it. Each answer is held to what the agent knows to be true of its loop.
 */
final class LoopTurns {
    private static final int AGENTS = 40;
    private static final byte[] SECRET = new byte[32];
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static final String MODELS = """
            apiVersion: understudy.dev/v1
            kind: Models
            metadata: { name: m }
            spec:
              currency: USD
              models:
              - { name: tiny, tier: slm, local: { source: { path: t.gguf } }, pricing: [{ from: 2026-01-01, perHour: 1 }] }
              - { name: minute, tier: slm, local: { source: { path: m.gguf } }, pricing: [{ from: 2026-01-01, perHour: 1 }] }
              - { name: large, tier: llm, upstream: { baseUrl: "http://127.0.0.1:9/v1" }, pricing: [{ from: 2026-01-01, per1M: { input: 1, output: 2 } }] }
              - { name: spare, tier: llm, upstream: { baseUrl: "http://127.0.0.1:9/v1" }, pricing: [{ from: 2026-01-01, per1M: { input: 1, output: 2 } }] }
            """;
    private static final String ACCESS = """
            apiVersion: understudy.dev/v1
            kind: Access
            metadata: { name: a }
            spec:
              anonymous: { allow: loopback, team: local, app: default }
              teams:
              - { name: local, apps: [{ name: default }] }
              - { name: support, apps: [{ name: default }] }
            """;
    private static final String RULES = """
            apiVersion: understudy.dev/v1
            kind: Policy
            metadata: { name: p }
            spec:
              rules:
              - { id: a, match: { model: [agent-a] }, action: { cascade: { first: tiny, escalateTo: large } }, gate: none }
              - { id: b, match: { model: [agent-b], phase: [user_turn] }, action: { cascade: { first: minute, escalateTo: large } }, rollout: { percent: 50 }, gate: none }
              - { id: c, match: { model: [agent-b, agent-c] }, action: { slm: { model: tiny, onFailure: large } }, rollout: { percent: 70, by: call }, gate: none }
              - { id: d, match: { model: [agent-b, agent-c] }, action: { cascade: { first: minute, escalateTo: spare } }, gate: none }
              - { id: e, match: { model: [agent-d] }, action: { shadow: { serve: large, mirror: tiny } } }
              - { id: rest, action: { llm: { model: large, fallbacks: [spare] } } }
            """;

    private final Random random;
    private final UnaryOperator<Signals> seen;
    private final List<PolicySet> sets;
    private final OwnerMarks marks = new OwnerMarks(SECRET);
    private final List<AgentTalk> agents = new ArrayList<>();
    private final Map<String, Integer> seenIds = new TreeMap<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Gateway[] gateways = {new Gateway(), new Gateway()};
    private PolicySet set;
    private Instant now = Instant.parse("2026-11-24T08:00:00Z");
    private boolean off;
    private int agentNumber;

    /** What came of it. */
    final Tally tally = new Tally();

    /**
     * Turns that are always the same for a seed.
     *
     * @param seen what the decider is told, which a test may falsify
     */
    LoopTurns(long seed, Path folder, UnaryOperator<Signals> seen) throws IOException {
        this.random = new Random(seed);
        this.seen = seen;
        this.sets = List.of(
                load(folder.resolve("all"), MODELS, RULES),
                load(folder.resolve("demoted"), MODELS, without(RULES, "- { id: a,", "- { id: c,")),
                load(
                        folder.resolve("gone"),
                        without(MODELS, "- { name: minute,"),
                        without(RULES, "- { id: b,", "- { id: d,")));
        this.set = sets.getFirst();
        for (int n = 0; n < AGENTS; n++) {
            agents.add(new AgentTalk(random, agentNumber++));
        }
    }

    /** Runs from the command line: {@code [turns] [seed]}; exits 1 on a violation. */
    public static void main(String[] words) throws IOException {
        int turns = words.length > 0 ? Integer.parseInt(words[0]) : 21_600;
        long seed = words.length > 1 ? Long.parseLong(words[1]) : 1;
        Path folder = Files.createTempDirectory("loops");
        LoopTurns run = new LoopTurns(seed, folder, signals -> signals);
        long began = System.nanoTime();
        run.run(turns);
        run.tally.lines((System.nanoTime() - began) / 1_000_000).forEach(System.out::println);
        System.exit(run.tally.violations.isEmpty() && run.tally.covers() ? 0 : 1);
    }

    /** So many answers, failures and departures. */
    void run(int turns) {
        for (int n = 0; n < turns; n++) {
            happen();
            int at = random.nextInt(agents.size());
            turn(agents.get(at));
            if (agents.get(at).isDone()) {
                agents.set(at, new AgentTalk(random, agentNumber++));
            }
        }
        for (Counter counter : meters.find("understudy.loop.switches").counters()) {
            tally.metered.merge(
                    counter.getId().getTag("tier") + " " + counter.getId().getTag("reason"),
                    (int) counter.count(),
                    Integer::sum);
        }
        count("understudy.session.latches", "latched: ");
        count("understudy.session.releases", "released: ");
    }

    private void count(String meter, String words) {
        for (Counter counter : meters.find(meter).counters()) {
            tally.more(words + counter.getId().getTag("reason"), (int) counter.count());
        }
    }

    /** What goes on around the calls. */
    private void happen() {
        now = now.plusMillis(random.nextInt(4_000));
        if (random.nextInt(400) == 0) {
            now = now.plusSeconds(301);
        }
        if (random.nextInt(250) == 0) {
            gateways[random.nextInt(gateways.length)].restart();
            tally.more("restarts", 1);
        }
        if (random.nextInt(120) == 0) {
            set = sets.get(random.nextInt(sets.size()));
            tally.more("other files", 1);
        }
        if (random.nextInt(off ? 10 : 300) == 0) {
            off = !off;
            tally.more("switched", 1);
        }
    }

    private void turn(AgentTalk agent) {
        tally.turns++;
        Gateway gateway = gateways[random.nextInt(gateways.length)];
        boolean forced = random.nextInt(50) == 0;
        Call call = read(agent, agent.headers(forced));
        Caller caller = new Caller(
                agent.team, "default", null, Map.of(), List.of("*"), false, Set.of(), null, Sensitivity.INTERNAL, null);
        Signals signals = gateway.inspector.inspect(call, caller, set.smallModels());
        Map<String, Readiness> states = new TreeMap<>();
        Decision decision = Decider.decide(
                call, caller, seen.apply(signals), set, name -> states.computeIfAbsent(name, this::readiness));
        checkLoop(agent, signals);
        List<Attempt> attempts = new ArrayList<>();
        Ending ending = exchange(decision, attempts);
        check(agent, forced, signals, attempts, ending);
        checkMirror(forced, decision);
        gateway.ledger.ended(new Interaction(
                call,
                caller,
                signals,
                decision,
                attempts,
                ending.served == null ? null : ending.served.n(),
                Interaction.Route.DIRECT,
                ending.outcome,
                200,
                null,
                null,
                0,
                null,
                1_000,
                BigDecimal.ZERO,
                null));
        goOn(agent, call, ending);
    }

    private void goOn(AgentTalk agent, Call call, Ending ending) {
        if (ending.served == null || ending.outcome != Interaction.Outcome.COMPLETED) {
            // The agent sends the same once more, some time.
            return;
        }
        String small = ending.served.tier() == Tier.SLM ? ending.served.model() : null;
        List<Reply.ToolCall> calls = new ArrayList<>();
        int many = random.nextInt(10) < 6 ? 1 + random.nextInt(3) : 0;
        for (int n = 0; n < many; n++) {
            String id = small == null ? strange() : marks.id(agent.team, small, call.id(), n);
            calls.add(new Reply.ToolCall(id, "look", "{\"id\":" + random.nextInt(100_000) + "}"));
            if (small != null) {
                seenIds.put(id, agent.team.equals("local") ? 0 : 1);
            }
        }
        agent.answered(small, calls);
        agent.goOn();
        if (random.nextInt(60) == 0) {
            agent.callsByItself(foreign(agent.team));
            tally.more("calls of the agent's own", 1);
        }
    }

    /** An id that no model of this team made: another team's, one that was changed, or one as the large model makes them. */
    private String foreign(String team) {
        int other = team.equals("local") ? 1 : 0;
        for (Map.Entry<String, Integer> one : seenIds.entrySet()) {
            if (one.getValue() == other && random.nextBoolean()) {
                return one.getKey();
            }
            if (random.nextInt(50) == 0) {
                String id = one.getKey();
                return id.substring(0, id.length() - 1) + (id.endsWith("0") ? "1" : "0");
            }
        }
        return strange();
    }

    private String strange() {
        StringBuilder id = new StringBuilder("call_");
        for (int i = 0; i < 24; i++) {
            id.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
        }
        return id.toString();
    }

    private Call read(AgentTalk agent, Map<String, String> headers) {
        try {
            return CallReader.read(
                    agent.api,
                    new UUID(random.nextLong(), random.nextLong()),
                    now,
                    0,
                    agent.body().getBytes(StandardCharsets.UTF_8),
                    headers);
        } catch (ApiFailure e) {
            throw new AssertionError("a generated request cannot be read: " + e.message(), e);
        }
    }

    private Readiness readiness(String name) {
        if (name.equals("large") || name.equals("spare")) {
            return Readiness.READY;
        }
        return switch (random.nextInt(25)) {
            case 0 -> Readiness.loading("it is loading");
            case 1 -> Readiness.unavailable("its weights are missing");
            default -> Readiness.READY;
        };
    }

    /** How an exchange ended, and whose answer was sent. */
    private record Ending(@Nullable Attempt served, Interaction.Outcome outcome) {}

    private Ending exchange(Decision decision, List<Attempt> attempts) {
        if (decision.deny() != null) {
            return new Ending(null, Interaction.Outcome.DENIED);
        }
        for (Decision.Target target : decision.targets()) {
            boolean small = target.model().equals("tiny") || target.model().equals("minute");
            int luck = random.nextInt(100);
            if (luck < 2) {
                attempts.add(attempt(attempts, target, small, "client_gone", null, false));
                return new Ending(null, Interaction.Outcome.CLIENT_GONE);
            }
            if (small && luck < 5 && decision.action() == Decision.Action.SLM) {
                Attempt broke = attempt(attempts, target, true, "internal", null, true);
                attempts.add(broke);
                return new Ending(broke, Interaction.Outcome.FAILED);
            }
            String error =
                    luck >= (small ? 28 : 6) ? null : luck < 10 ? "deadline" : luck < 14 ? "overloaded" : "unparsed";
            Attempt made = attempt(
                    attempts, target, small, error, error != null && luck >= 20 ? "schema" : null, error == null);
            attempts.add(made);
            if (error == null) {
                return new Ending(made, Interaction.Outcome.COMPLETED);
            }
        }
        return new Ending(null, Interaction.Outcome.FAILED);
    }

    private static Attempt attempt(
            List<Attempt> before,
            Decision.Target target,
            boolean small,
            @Nullable String error,
            @Nullable String step,
            boolean accepted) {
        return new Attempt(
                before.size() + 1,
                target.role(),
                small ? Tier.SLM : Tier.LLM,
                target.model(),
                null,
                0,
                null,
                null,
                1,
                null,
                error,
                null,
                TokenCount.NONE,
                null,
                null,
                null,
                null,
                step == null ? List.of() : List.of(new VerifyStep(step, VerifyStep.Result.FAIL, "", 1)),
                accepted,
                null,
                null,
                null,
                null);
    }

    /** The gateway's idea of the loop is the agent's, as far as the set in force knows the model. */
    private void checkLoop(AgentTalk agent, Signals signals) {
        String owner = agent.owner();
        Loop truth = !agent.isLoopOpen()
                ? Loop.NONE
                : owner != null && set.smallModels().names().contains(owner) ? Loop.of(owner) : Loop.LLM;
        if (!signals.loop().equals(truth)) {
            tally.violate("the loop is " + truth + ", taken for " + signals.loop());
        }
        tally.more("loop of " + (truth.model() == null ? truth.owner() : truth.model()), 1);
    }

    private void check(AgentTalk agent, boolean forced, Signals signals, List<Attempt> attempts, Ending ending) {
        String owner = agent.owner();
        for (Attempt attempt : attempts) {
            if (attempt.tier() != Tier.SLM) {
                continue;
            }
            if (agent.isLoopOpen() && !attempt.model().equals(owner)) {
                tally.violate(
                        "a loop of " + (owner == null ? "the large model" : owner) + " went to " + attempt.model());
            }
            if (off || forced || signals.latched()) {
                tally.violate("a small model was asked though "
                        + (off ? "all are off" : forced ? "the caller forbids it" : "it is latched"));
            }
        }
        Attempt served = ending.served;
        if (served == null) {
            tally.more(ending.outcome.wire(), 1);
            return;
        }
        tally.more("answered by " + served.model(), 1);
        tally.more(signals.latched() ? "latched calls" : "calls that are not latched", 1);
        if (agent.isLoopOpen() && owner != null) {
            boolean kept = served.model().equals(owner);
            tally.more(kept ? "loops kept" : "loops that broke towards the large model", 1);
            if (!kept && served.tier() == Tier.SLM) {
                tally.violate("the loop of " + owner + " went to " + served.model());
            }
        }
    }

    private void checkMirror(boolean forced, Decision decision) {
        if (decision.mirror() != null) {
            tally.more("mirrored", 1);
            if (off || forced) {
                tally.violate("a small model answers beside though " + (off ? "all are off" : "the caller forbids it"));
            }
        }
    }

    private static PolicySet load(Path folder, String models, String rules) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("models.yaml"), models);
        Files.writeString(folder.resolve("access.yaml"), ACCESS);
        Files.writeString(folder.resolve("rules.yaml"), rules);
        PolicyLoader.Loaded loaded = PolicyLoader.ofProcess().load(folder);
        PolicySet set = loaded.set();
        if (set == null) {
            throw new IllegalStateException("a set for the turns is broken: " + loaded.problems());
        }
        return set;
    }

    private static String without(String text, String... starts) {
        StringBuilder left = new StringBuilder();
        for (String line : text.lines().toList()) {
            boolean dropped = false;
            for (String start : starts) {
                dropped |= line.strip().startsWith(start);
            }
            left.append(dropped ? "" : line + "\n");
        }
        return left.toString();
    }

    /** One process: what it remembers is gone with a restart, its secret is not. */
    private final class Gateway {
        private SessionLedger ledger = new SessionLedger(meters);
        private Inspector inspector = inspector();

        void restart() {
            ledger = new SessionLedger(meters);
            inspector = inspector();
        }

        private Inspector inspector() {
            SiteKeys keys = new SiteKeys(SECRET);
            return new Inspector(new EmptyBook(), ledger, () -> off, keys, new OwnerMarks(SECRET), meters);
        }
    }

    /** Knows no site: all are new, which is no matter here. */
    private static final class EmptyBook implements TaskBook {
        @Override
        public List<CallSite> sites(String team, String bucket) {
            return List.of();
        }

        @Override
        public Task seen(Sighting sighting) {
            return known(sighting);
        }

        @Override
        public Task known(Sighting sighting) {
            return new Task("look", null, Signals.TaskState.KNOWN);
        }
    }

    /** What was counted. */
    static final class Tally {
        final List<String> violations = new ArrayList<>();
        final Map<String, Integer> counts = new TreeMap<>();
        /** The gateway's own meter: tier and reason of switches inside loops. */
        final Map<String, Integer> metered = new TreeMap<>();

        int turns;

        void more(String what, int by) {
            counts.merge(what, by, Integer::sum);
        }

        void violate(String what) {
            violations.add("turn " + turns + ": " + what);
        }

        int count(String what) {
            return counts.getOrDefault(what, 0);
        }

        /** Whether everything that could go wrong was tried, and the meter says what the agents say. */
        boolean covers() {
            int switches = metered.values().stream().mapToInt(n -> n).sum();
            return List.of(
                                    "ladder",
                                    "deadline",
                                    "failed",
                                    "slm_off",
                                    "tier_forced",
                                    "latched",
                                    "error_repair",
                                    "not_eligible",
                                    "demoted")
                            .stream()
                            .allMatch(reason -> metered.getOrDefault("llm " + reason, 0) > 0)
                    && metered.keySet().stream().allMatch(key -> key.startsWith("llm "))
                    && switches <= count("loops that broke towards the large model")
                    && count("loops kept") > 0
                    && count("mirrored") > 0
                    && count("latched: bad_turns") > 0
                    && count("latched: stream_broke") > 0
                    && count("released: clean_turn") > 0;
        }

        List<String> lines(long millis) {
            List<String> lines = new ArrayList<>();
            lines.add(turns + " turns in " + millis + " ms");
            counts.forEach((what, n) -> lines.add("  %-44s %7d".formatted(what, n)));
            lines.add("switches inside an open loop, by the gateway's own meter: to whom, why");
            metered.forEach((what, n) -> lines.add("  %-44s %7d".formatted(what, n)));
            lines.add("switches inside an open loop but towards the large model, and other violations: "
                    + violations.size() + " (aim 0)" + (covers() ? "" : "; NOT ALL WAYS WERE TRIED"));
            violations.stream().limit(20).forEach(line -> lines.add("  " + line));
            return lines;
        }
    }
}
