package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Api;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Sensitivity;
import dev.understudy.model.Readiness;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the index leaves out would not have held, and what would hold is never left out. */
class RuleIndexTest {
    private static final String[] MODELS = {"gpt-x", "o3", "mini", "demo-1"};
    private static final String[] TASKS = {"greet", "part", "sort"};
    private static final String[] SITES = {"00112233445566aa", "ff112233445566aa"};

    @Test
    void decidesAsEveryRuleInOrderWould() {
        Random random = new Random(7);
        StringBuilder policy = new StringBuilder(Sets.policy());
        for (int i = 0; i < 90; i++) {
            policy.append("  - { id: r").append(i).append(", match: { ");
            policy.append(one(random, "model", "['gpt-*']", "[o3, mini]", "['*-1']"));
            policy.append(one(random, "task", "[greet]", "['part', '00112233445566aa']", "['s*']"));
            policy.append(one(random, "kind", "[answer]", "[chat, extract]", "[tool_call]"));
            policy.append(one(random, "phase", "[user_turn]", "[error_repair]", "[final_answer, user_turn]"));
            policy.append(one(random, "sensitivity", "[internal]", "[public, personal]", "[restricted]"));
            policy.append(one(random, "api", "[chat]", "[responses]", "[chat, responses]"));
            policy.append("stream: ").append(random.nextBoolean()).append(" }, action: { llm: { model: spare } } }\n");
        }
        policy.append("  - { id: rest, action: { llm: { model: spare } } }\n");
        PolicySet set = Objects.requireNonNull(
                Sets.load(Map.of("policy.yaml", policy.toString())).set());
        int narrowed = 0;
        for (int i = 0; i < 500; i++) {
            Calls calls = calls(random);
            Facts facts =
                    new Facts(calls.call(), calls.caller(), calls.signals(), set.catalogue(), model -> Readiness.READY);
            List<Rule> all = set.rulesFor(calls.caller());
            List<Rule> candidates = set.candidates(facts);
            narrowed += all.size() - candidates.size();
            assertThat(candidates.stream().filter(rule -> rule.match().miss(facts) == null))
                    .containsExactlyElementsOf(all.stream()
                            .filter(rule -> rule.match().miss(facts) == null)
                            .toList());
        }
        assertThat(narrowed).isGreaterThan(500 * 60);
    }

    private static <T> T one(Random random, T[] all) {
        return all[random.nextInt(all.length)];
    }

    private static Calls calls(Random random) {
        Calls calls = new Calls();
        calls.model = MODELS[random.nextInt(MODELS.length)];
        calls.task = random.nextInt(5) == 0 ? null : TASKS[random.nextInt(TASKS.length)];
        calls.site = random.nextInt(5) == 0 ? null : SITES[random.nextInt(SITES.length)];
        calls.kind = one(random, Kind.values());
        calls.phase = one(random, Phase.values());
        calls.sensitivity = one(random, Sensitivity.values());
        calls.api = random.nextBoolean() ? Api.CHAT : Api.RESPONSES;
        calls.stream = random.nextBoolean();
        for (String signal : List.of("task", "kind", "phase", "sensitivity")) {
            if (random.nextInt(8) == 0) {
                calls.unknown.put(signal, "failed");
            }
        }
        return calls;
    }

    private static String one(Random random, String key, String... values) {
        int which = random.nextInt(values.length + 2);
        return which < values.length ? key + ": " + values[which] + ", " : "";
    }
}
