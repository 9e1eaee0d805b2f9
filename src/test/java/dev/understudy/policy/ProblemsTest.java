package dev.understudy.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each code of the loader, with its place, words and hint. */
class ProblemsTest {
    private static final String TESTS =
            "apiVersion: understudy.dev/v1\nkind: PolicyTests\nmetadata: { name: t }\nspec: ";
    private static final String REST = "{ id: rest, action: { llm: { model: large } } }";

    /** Code, files that differ from the whole set, and the one line that must come of them. */
    static Stream<Arguments> cases() {
        return Stream.of(
                one("E101", "policy.yaml", "a: [1, 2\nb: 3\n", "policy.yaml:2:2  E101  expected ',' or ']', but got :"),
                models("E101", "USD", "!money USD", "models.yaml:5:13  E101  tags such as !money are not taken"),
                one("E102", "policy.yaml", aliases(), "policy.yaml  E102  more than 50 aliases of lists or maps"),
                rule(
                        "E103",
                        "{ id: a, id: b, action: { llm: { model: large } } }",
                        "policy.yaml:6:14  E103  duplicate key 'id' (first at 6:7)"),
                one(
                        "E104",
                        "policy.yaml",
                        Sets.POLICY.replace("/v1", "/v9"),
                        "policy.yaml:1:13  E104  apiVersion must be understudy.dev/v1"),
                one(
                        "E104",
                        "policy.yaml",
                        Sets.POLICY.replace("kind: Policy", "kind: Polciy"),
                        "policy.yaml:2:7  E104  kind must be one of Models, Access, Policy, Capture, PolicyTests (did you mean"
                                + " 'Policy'?)"),
                one(
                        "E104",
                        "more.yaml",
                        "- a\n",
                        "more.yaml:1:1  E104  a document is a map (begin with apiVersion:" + " understudy.dev/v1)"),
                one("E201", "access.yaml", "", ".  E201  there is no document of kind Access"),
                rule("E201", "{ id: a }", "policy.yaml:6:5  E201  'action' is missing in rules[0]"),
                rule(
                        "E202",
                        "{ id: a, actoin: {}, action: { llm: { model: large } } }",
                        "policy.yaml:6:14  E202  unknown field 'actoin' in rules[0] (did you mean 'action'?)"),
                rule(
                        "E203",
                        "{ id: a, match: { stream: often }, action: { llm: { model: large } } }",
                        "policy.yaml:6:31  E203  stream must be true or false, this is text"),
                rule(
                        "E204",
                        "{ id: a, match: { kind: [classify, exract] }, action: { llm: { model: large } } }",
                        "policy.yaml:6:40  E204  kind[1] must be one of chat, decide, tool_call, classify, extract,"
                                + " generate, answer"),
                rule(
                        "E204",
                        "{ id: a, match: { tokens: { min: 9, max: 3 } }, action: { llm: { model: large } } }",
                        "policy.yaml:6:31  E204  min must not be over max"),
                rule(
                        "E204",
                        "{ id: a, match: { stream: true }, action: { deny: { status: 409 } } }",
                        "policy.yaml:6:55  E204  status must not be 408 or 409, which clients take for a reason to try"
                                + " again"),
                rule(
                        "E204",
                        "{ id: a, action: { llm: { model: large } }, rollout: { percent: 0.001 } }",
                        "policy.yaml:6:58  E204  percent takes two decimals"),
                rule(
                        "E204",
                        "{ id: a, match: { stream: true }, action: { shadow: { serve: large, mirror: small, sample: 2 } } }",
                        "policy.yaml:6:96  E204  sample must be at most 1"),
                access(
                        "E202",
                        "limits: { requestsPerMin: 4 }",
                        "access.yaml:7:30  E202  unknown field 'requestsPerMin' in limits (did you mean"
                                + " 'requestsPerMinute'?)"),
                access(
                        "E203",
                        "limits: { concurrent: lots }",
                        "access.yaml:7:42  E203  concurrent must be a whole number, this is text"),
                access(
                        "E203",
                        "limits: { tokensPerMinute: 1.5 }",
                        "access.yaml:7:47  E203  tokensPerMinute must be a whole number"),
                access("E204", "limits: {}", "access.yaml:7:28  E204  limits must not be empty"),
                access("E204", "limits: { concurrent: 0 }", "access.yaml:7:42  E204  concurrent must be at least 1"),
                access(
                        "E204",
                        "limits: { tokensPerMinute: 2000000000 }",
                        "access.yaml:7:47  E204  tokensPerMinute must be at most 1000000000"),
                access("E201", "budget: { window: day }", "access.yaml:7:28  E201  'limit' is missing in budget"),
                access("E204", "budget: { limit: -1 }", "access.yaml:7:37  E204  limit must be at least 0"),
                access(
                        "E204",
                        "budget: { limit: 1, window: hour }",
                        "access.yaml:7:48  E204  window must be one of day, week, month"),
                access("E204", "budget: { limit: 1, softAt: 80 }", "access.yaml:7:48  E204  softAt must be at most 1"),
                access(
                        "E204",
                        "budget: { limit: 1, onHard: warn }",
                        "access.yaml:7:48  E204  onHard must be one of deny"),
                access(
                        "E204",
                        "budget: { limit: 1, timezone: Berlin }",
                        "access.yaml:7:28  E204  timezone must be a name such as UTC or Europe/Berlin"),
                models("E204", "adapters/a", "../a", "models.yaml:15:44  E204  path must be a path below its folder"),
                models(
                        "E204",
                        "2026-01-01, perHour",
                        "2026-02-30, perHour",
                        "models.yaml:12:20  E204  a price needs a day"),
                models(
                        "E204",
                        "\"http://127.0.0.1:10/v1\"",
                        "\"http://me:secret@127.0.0.1:10/v1\"",
                        "models.yaml:23:15  E204  baseUrl must be an address without user, query and fragment"),
                models(
                        "E205",
                        "USD",
                        "{ env: CURRENCY }",
                        "models.yaml:5:13  E205  the variable CURRENCY is not set (set it, or give a default)"),
                models(
                        "E205",
                        "{ env: LARGE_KEY, else: forward }",
                        "{ file: /nowhere/key }",
                        "models.yaml:19:59  E205  the secret /nowhere/key is not set (set it, or say else: forward or"
                                + " else: unavailable)"),
                one(
                        "E206",
                        "policy.yaml",
                        Sets.POLICY + "  gates: [{ id: learned }]\n",
                        "policy.yaml:8:3  E206  gates (gates) belongs to a later version of Understudy (take it out)"),
                when(
                        "E101",
                        "req.model ==",
                        "policy.yaml:6:68  E101  the expression is not complete or not well formed here (an example:"
                                + " req.tokens < 2000 && task.kind == 'extract')"),
                when(
                        "E401",
                        "req.stream && req.modle == \"x\"",
                        "policy.yaml:6:70  E401  no variable is called 'req.modle' (did you mean 'req.model'?)"),
                when("E401", "size(teem) > 1", "policy.yaml:6:61  E401  no variable is called 'teem'"),
                when("E401", "lower(req.model) == \"x\"", "policy.yaml:6:56  E401  no function is called 'lower'"),
                when(
                        "E402",
                        "req.tokens > 1.5",
                        "policy.yaml:6:67  E402  '>' does not take int and double (whole numbers and others do not"
                                + " compare: write 2.0 for 2, or double(...))"),
                when(
                        "E402",
                        "now > 3",
                        "policy.yaml:6:60  E402  '>' does not take timestamp and int (write"
                                + " timestamp('2026-01-01T00:00:00Z'))"),
                when(
                        "E403",
                        "req.tokens",
                        "policy.yaml:6:56  E403  an expression must be true or false, this is int (compare it with"
                                + " something)"),
                when(
                        "E404",
                        "req.model == \"" + "x".repeat(990) + "\"",
                        "policy.yaml:6:56  E404  an expression has at most 1,000 characters (split the rule)"),
                when(
                        "E404",
                        "req.tools.all(a, req.tools.all(b, req.tools.all(c, a != b && b != c)))",
                        "policy.yaml:6:56  E404  at most two loops may stand inside each other (split the rule)"),
                when(
                        "E405",
                        "answer.tokens < 9",
                        "policy.yaml:6:56  E405  'answer.tokens' is known once there is an answer (it may stand in"
                                + " guard.output.cel)"),
                one(
                        "E401",
                        "policy.yaml",
                        Sets.POLICY + "  guard:\n    output:\n      cel:\n      - >-\n        answer.tokens < 100\n"
                                + "        && answer.finsh == 'stop'\n",
                        "policy.yaml:13:12  E401  no variable is called 'answer.finsh' (did you mean"
                                + " 'answer.finish'?)"),
                rule(
                        "E301",
                        "{ id: a, action: { llm: { model: lrage } } }",
                        "policy.yaml:6:38  E301  no model is called 'lrage' (did you mean 'large'?)"),
                models("E301", "currency: USD", "currency: USD\n  baseline: gone", "models.yaml:6:13  E301  no model"),
                rule(
                        "E302",
                        "{ id: a, match: { teams: [suport, 'x*'] }, action: { llm: { model: large } } }",
                        "policy.yaml:6:31  E302  no team is called 'suport' (did you mean 'support'?)"),
                models(
                        "E304",
                        "base: small",
                        "base: smal",
                        "models.yaml:15:20  E304  no model is called 'smal' (did you mean 'small'?)"),
                models("E304", "base: small", "base: adapted", "models.yaml:15:20  E304  the base 'adapted' has no"),
                rule(
                        "E305",
                        "{ id: rest, match: { stream: true }, action: { llm: { model: large } } }",
                        "policy.yaml:7:11  E305  the rule 'rest' is there twice (first at policy.yaml:6:11)"),
                one(
                        "E501",
                        "policy.yaml",
                        Sets.policy("{ id: a, match: { kind: [chat] }, action: { llm: { model: large } } }"),
                        "policy.yaml:6:3  E501  some calls find no rule (end a policy for all teams with a rule without"
                                + " match)"),
                rule(
                        "E502",
                        "{ id: a, action: { llm: { model: small } } }",
                        "policy.yaml:6:38  E502  a model of tier llm must stand here, 'small' is of tier slm"),
                rule(
                        "E502",
                        "{ id: a, match: { stream: true }, action: { cascade: { first: large, escalateTo: spare } }, gate:"
                                + " none }",
                        "policy.yaml:6:67  E502  a model of tier slm must stand here, 'large' is of tier llm"),
                rule(
                        "E502",
                        "{ id: a, action: { shadow: { serve: large, mirror: spare } } }",
                        "policy.yaml:6:56  E502  a model of tier slm must stand here, 'spare' is of tier llm"),
                rule(
                        "E503",
                        "{ id: a, action: { llm: { model: large, fallbacks: [large] } } }",
                        "policy.yaml:6:57  E503  the model 'large' is a target twice"),
                rule(
                        "E504",
                        "{ id: a, match: { stream: true }, action: { deny: { code: nope } } }",
                        "policy.yaml:6:63  E504  the code must begin with policy_, this is 'nope'"),
                models(
                        "E505",
                        "{ env: LARGE_KEY, else: forward }",
                        "sk-canary",
                        "models.yaml:19:59  E505  a secret must not stand in a policy file (write { env: NAME, else:"
                                + " error | forward | unavailable } or { file: path })"),
                one(
                        "E506",
                        "more.yaml",
                        Sets.MODELS
                                        .substring(0, Sets.MODELS.indexOf("  - name: small"))
                                        .replace("USD", "EUR")
                                        .replace("name: m", "name: n")
                                + "  - { name: x, tier: llm, upstream: { baseUrl: 'http://x/v1' }, pricing: [{ from:"
                                + " 2026-01-01, perHour: 1 }] }\n",
                        "more.yaml:5:13  E506  the currency is EUR here and USD elsewhere"),
                rule(
                        "E507",
                        "{ id: a, match: { stream: true }, action: { slm: { model: small, onFailure: deny } } }",
                        "policy.yaml:6:47  E507  the action slm needs a gate (gate: none lets it serve without"
                                + " evidence)"),
                rule(
                        "E507",
                        "{ id: a, match: { stream: true }, action: { llm: { model: large } }, gate: none }",
                        "policy.yaml:6:80  E507  a gate belongs to the actions slm and cascade only"),
                rule(
                        "E507",
                        "{ id: a, match: { stream: true }, action: { cascade: { first: small, escalateTo: large } } }",
                        "policy.yaml:6:47  E507  the action cascade needs a gate (gate: none lets it serve without"
                                + " evidence)"),
                rule(
                        "E507",
                        "{ id: a, match: { stream: true }, action: { shadow: { serve: large, mirror: small } }, gate:"
                                + " none }",
                        "policy.yaml:6:98  E507  a gate belongs to the actions slm and cascade only"),
                one(
                        "W601",
                        "policy.yaml",
                        Sets.policy(REST, "{ id: faq, match: { kind: [chat] }, action: { llm: { model: large } } }"),
                        "policy.yaml:7:5  W601  rule faq can never hold: rest at 6:5 takes everything"),
                one(
                        "W602",
                        "policy.yaml",
                        Sets.policy(
                                "{ id: a, match: { kind: [chat] }, action: { llm: { model: large } } }",
                                "{ id: b, match: { kind: [chat], stream: true }, action: { llm: { model: spare } } }",
                                REST),
                        "policy.yaml:7:5  W602  rule b can never hold: a at 6:5 takes all its calls"),
                tests(
                        "T701",
                        "cases: [{ name: all, expect: { rule: p/rest } }, { name: b, given: { req: { session: s-1 } },"
                                + " expect: { rule: p/other, model: spare, bucket: 3, never: [large] } }]",
                        "tests.yaml:5:52  T701  the case 'b' failed: rule is p/rest, expected p/other; model is large,"
                                + " expected spare; bucket is none, expected 3; the model large may be asked (rule"
                                + " p/rest: every other call goes to large)"),
                one(
                        "T702",
                        Map.of(
                                "policy.yaml",
                                Sets.policy(
                                        "{ id: a, match: { stream: true }, action: { llm: { model: spare } } }", REST),
                                "tests.yaml",
                                TESTS
                                        + "{ coverage: { minRules: 60 }, cases: [{ name: all, expect: { rule: p/rest }"
                                        + " }] }\n"),
                        "tests.yaml:4:31  T702  the cases reach 50 % of the rules, at least 60 % are asked (none is"
                                + " decided by p/a)"),
                one(
                        "W610",
                        Map.of(
                                "policy.yaml",
                                Sets.policy(
                                        "{ id: a, match: { stream: true }, action: { llm: { model: spare } } }", REST),
                                "tests.yaml",
                                TESTS + "{ cases: [{ name: all, expect: { rule: p/rest } }] }\n"),
                        "policy.yaml:6:5  W610  no case is decided by rule p/a"),
                models(
                        "W604",
                        "    pricing: *cpu\n",
                        "",
                        "models.yaml:13:11  W604  the model adapted has no price: its calls count as unpriced"),
                rule(
                        "W609",
                        "{ id: a, match: { stream: true }, action: { slm: { model: small, onFailure: deny } }, gate:"
                                + " none }",
                        "policy.yaml:6:97  W609  rule a lets a small model serve without evidence"));
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("cases")
    void namesPlaceCodeAndRemedy(String code, Map<String, String> files, String line) {
        List<Problem> problems = Sets.load(files).problems();
        assertThat(problems)
                .extracting(Problem::toString)
                .anySatisfy(found -> assertThat(found).startsWith(line));
        assertThat(problems).extracting(problem -> problem.code().wire()).containsOnly(code);
    }

    @Test
    void everyCodeHasACase() {
        Set<String> shown =
                cases().map(arguments -> (String) arguments.get()[0]).collect(Collectors.toSet());
        assertThat(shown)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Problem.Code.values())
                        .map(Problem.Code::wire)
                        .collect(Collectors.toSet()));
    }

    @Test
    void theWholeSetHasNoProblems() {
        assertThat(Sets.load(Map.of()).problems()).isEmpty();
    }

    @Test
    void problemsOfAllStagesAreReportedAtOnce() {
        String policy = Sets.policy(
                "{ id: a, id: b, actoin: 1, match: { kind: [nope] }, action: { llm: { model: lrage } } }",
                "{ id: c, match: { turns: { min: 2, max: 1 } }, action: { slm: { model: large, onFailure: small } } }",
                "{ id: d, match: { teams: [nobody] }, action: { cascade: { first: small, escalateTo: large } }, gate: g }",
                REST);
        String models = Sets.MODELS.replace("{ env: LARGE_KEY, else: forward }", "sk-canary");
        PolicyLoader.Loaded loaded = Sets.load(Map.of("policy.yaml", policy, "models.yaml", models));
        assertThat(loaded.set()).isNull();
        assertThat(new TreeSet<>(
                        loaded.problems().stream().map(p -> p.code().wire()).toList()))
                .containsExactly("E103", "E202", "E204", "E206", "E301", "E302", "E502", "E505", "E507");
        assertThat(loaded.problems().toString()).doesNotContain("canary");
    }

    @Test
    void aShortTextDoesNotGrowIntoAnEndlessTree() {
        StringBuilder text = new StringBuilder("a0: &a0 [1, 1, 1, 1, 1, 1, 1]\n");
        for (int i = 1; i <= 7; i++) {
            String below = "*a" + (i - 1);
            text.append("a%d: &a%d [".formatted(i, i))
                    .append(String.join(", ", Collections.nCopies(7, below)))
                    .append("]\n");
        }
        assertThat(Sets.load(Map.of("more.yaml", text.toString())).problems())
                .extracting(Problem::code)
                .contains(Problem.Code.LIMIT);
    }

    private static Arguments one(String code, String file, String text, String line) {
        return Arguments.of(code, Map.of(file, text), line);
    }

    private static Arguments tests(String code, String spec, String line) {
        return one(code, "tests.yaml", TESTS + "\n  " + spec + "\n", line);
    }

    private static Arguments one(String code, Map<String, String> files, String line) {
        return Arguments.of(code, files, line);
    }

    private static Arguments when(String code, String expression, String line) {
        return rule(code, "{ id: a, action: { llm: { model: large } }, when: '" + expression + "' }", line);
    }

    private static Arguments rule(String code, String rule, String line) {
        return one(code, "policy.yaml", Sets.policy(rule, REST), line);
    }

    private static Arguments access(String code, String field, String line) {
        assertThat(Sets.ACCESS).contains("name: local, apps");
        return one(
                code,
                "access.yaml",
                Sets.ACCESS.replace("name: local, apps", "name: local, " + field + ", apps"),
                line);
    }

    private static Arguments models(String code, String before, String after, String line) {
        assertThat(Sets.MODELS).contains(before);
        return one(code, "models.yaml", Sets.MODELS.replace(before, after), line);
    }

    private static String aliases() {
        return "a: &a [1]\nb: [" + "*a, ".repeat(60) + "]\n";
    }
}
