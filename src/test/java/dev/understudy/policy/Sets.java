package dev.understudy.policy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Files for tests: a small whole set, and sets with one file replaced or added. */
final class Sets {
    static final String MODELS = """
            apiVersion: understudy.dev/v1
            kind: Models
            metadata: { name: m }
            spec:
              currency: USD
              models:
              - name: small
                tier: slm
                local: { source: { path: small.gguf } }
                contextTokens: 1000
                maxTools: 2
                pricing: &cpu [{ from: 2026-01-01, perHour: 0.09 }]
              - name: adapted
                tier: slm
                local: { base: small, adapter: { path: adapters/a } }
                pricing: *cpu
              - name: large
                tier: llm
                upstream: { baseUrl: "http://127.0.0.1:9/v1", apiKey: { env: LARGE_KEY, else: forward } }
                pricing: [{ from: 2026-01-01, per1M: { input: 1, output: 2 } }]
              - name: spare
                tier: llm
                upstream: { baseUrl: "http://127.0.0.1:10/v1", model: fixed }
                pricing: [{ from: 2026-01-01, per1M: { input: 1, output: 2 } }]
            """;
    static final String ACCESS = """
            apiVersion: understudy.dev/v1
            kind: Access
            metadata: { name: a }
            spec:
              anonymous: { allow: loopback, team: local, app: default }
              teams:
              - { name: local, apps: [{ name: default }] }
              - { name: support, tags: { tier: gold }, sensitivity: restricted, consent: [], apps: [{ name: bot, models: ["s*"] }] }
            """;
    static final String POLICY = """
            apiVersion: understudy.dev/v1
            kind: Policy
            metadata: { name: p }
            spec:
              rules:
              - id: rest
                action: { llm: { model: large, fallbacks: [spare] } }
            """;

    private Sets() {}

    /** The whole set with these files in place of, or beside, its own. */
    static PolicyFiles files(Map<String, String> changed) {
        TreeMap<String, String> texts =
                new TreeMap<>(Map.of("models.yaml", MODELS, "access.yaml", ACCESS, "policy.yaml", POLICY));
        texts.putAll(changed);
        texts.values().removeIf(String::isEmpty);
        return new PolicyFiles(texts, List.of());
    }

    /** The set with these rules, each a line of flow YAML, in its one policy. */
    static PolicySet withRules(String... rules) {
        PolicyLoader.Loaded loaded = load(Map.of("policy.yaml", policy(rules)));
        if (loaded.set() == null) {
            throw new AssertionError("a set for a test is broken: " + loaded.problems());
        }
        return loaded.set();
    }

    /** A policy with these rules, the first on line 6. */
    static String policy(String... rules) {
        StringBuilder text = new StringBuilder(POLICY.substring(0, POLICY.indexOf("  - id: rest")));
        for (String rule : rules) {
            text.append("  - ").append(rule).append('\n');
        }
        return text.toString();
    }

    static PolicyLoader.Loaded load(Map<String, String> changed) {
        return new PolicyLoader(Surroundings.of(Map.of())).load(files(changed));
    }
}
