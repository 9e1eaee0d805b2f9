package dev.understudy.policy;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Caller;
import dev.understudy.call.Decision;
import dev.understudy.call.Kind;
import dev.understudy.call.Loop;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.References;
import dev.understudy.call.ResponseFormat;
import dev.understudy.call.Secret;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.Signals;
import dev.understudy.call.Span;
import dev.understudy.call.ToolChoice;
import dev.understudy.model.Readiness;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** Decides on calls over 200 rules, 20 of them with a condition in CEL, and prints microseconds: p50, p99. */
public final class DecideBench {
    private static final int RULES = 200;
    private static final int EVERY = 10;

    private DecideBench() {}

    public static void main(String[] arguments) {
        PolicySet set = set();
        Call call = call();
        Caller caller = new Caller(
                "local", "default", null, Map.of(), List.of("*"), false, Set.of(), null, Sensitivity.INTERNAL,
                new Secret("of-a-bench"));
        Signals[] signals = new Signals[64];
        for (int i = 0; i < signals.length; i++) {
            signals[i] = signals("s-" + i, i % 4 == 0 ? "task-150" : "none");
        }
        long[] nanos = new long[50_000];
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < nanos.length; i++) {
                Signals one = signals[i % signals.length];
                long started = System.nanoTime();
                Decision decision = Decider.decide(call, caller, one, set, model -> Readiness.READY);
                nanos[i] = System.nanoTime() - started;
                if (decision.targets().isEmpty()) {
                    throw new IllegalStateException("denied");
                }
            }
        }
        Arrays.sort(nanos);
        System.out.printf("%.2f %.2f%n", nanos[nanos.length / 2] / 1e3, nanos[nanos.length / 100 * 99] / 1e3);
    }

    /** Every tenth rule asks in CEL what cannot be told by match, and is asked by every call. */
    private static PolicySet set() {
        StringBuilder rules = new StringBuilder("apiVersion: understudy.dev/v1\nkind: Policy\nmetadata: { name: p }\n"
                + "spec:\n  rules:\n");
        for (int i = 0; i < RULES - 1; i++) {
            String action = "action: { llm: { model: large } }";
            if (i % EVERY == 0) {
                rules.append("  - { id: r").append(i).append(", match: { teams: [local] }, when: \"req.tokens > ")
                        .append(100_000 + i).append(" && req.tools.exists(t, t.startsWith('get_'))\", ")
                        .append(action).append(" }\n");
            } else {
                rules.append("  - { id: r").append(i).append(", match: { teams: [local], model: ['gpt-*'], task: [task-")
                        .append(i).append("], kind: [answer], tokens: { max: 4000 } }, ").append(action).append(" }\n");
            }
        }
        rules.append("  - { id: rest, action: { cascade: { first: small, escalateTo: large } }, gate: none,")
                .append(" rollout: { percent: 50 } }\n  - { id: last, action: { llm: { model: large } } }\n");
        TreeMap<String, String> files = new TreeMap<>(Map.of(
                "policy.yaml", rules.toString(),
                "models.yaml", """
                apiVersion: understudy.dev/v1
                kind: Models
                metadata: { name: m }
                spec:
                  currency: USD
                  models:
                  - { name: small, tier: slm, local: { source: { path: small.gguf } }, pricing: [{ from: 2026-01-01, perHour: 1 }] }
                  - { name: large, tier: llm, upstream: { baseUrl: "http://127.0.0.1:9/v1" }, pricing: [{ from: 2026-01-01, perHour: 1 }] }
                """,
                "access.yaml", """
                apiVersion: understudy.dev/v1
                kind: Access
                metadata: { name: a }
                spec:
                  teams: [{ name: local, apps: [{ name: default }] }]
                """));
        PolicyLoader.Loaded loaded =
                new PolicyLoader(Surroundings.of(Map.of())).load(new PolicyFiles(files, List.of()));
        if (loaded.set() == null) {
            throw new IllegalStateException(loaded.problems().toString());
        }
        return loaded.set();
    }

    private static Call call() {
        Message message = new Message("user", new Span(0, 0), "hello", List.of("text"), List.of(), List.of(), 0, false);
        return new Call(
                new UUID(0, 1), Instant.parse("2026-01-01T00:00:00Z"), 0, Api.CHAT, new byte[0], "gpt-4o", new Span(0, 0),
                false, false, null, List.of(message), List.of(), new ToolChoice.None(), true, ResponseFormat.TEXT, null, 1,
                null, null, Set.of("model", "messages"), Map.of(), Map.of(), null, null, false, References.NONE);
    }

    private static Signals signals(String session, String task) {
        return new Signals(
                "00112233445566aa", Signals.SiteMatch.EXACT, task, Signals.TaskState.KNOWN, "", Kind.ANSWER,
                Phase.USER_TURN, session, "header", 1, 900, Sensitivity.INTERNAL, Loop.NONE, false, false, Map.of(),
                Map.of(), 1);
    }
}
