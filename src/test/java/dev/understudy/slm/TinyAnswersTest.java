package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.understudy.slm.Starter.Heard;
import dev.understudy.slm.Starter.Opened;
import dev.understudy.slm.Starter.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What grammars promise, on a model that has no idea: a hundred seeds each, at a high temperature. */
class TinyAnswersTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SEEDS = 100;
    private static final int TOGETHER = 20;

    private static final String LIGHT =
            "{\"type\":\"object\",\"properties\":{\"room\":{\"enum\":[\"hall\",\"attic\"]},\"on\":{\"type\":\"boolean\"},"
                    + "\"level\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":10}},\"required\":[\"room\",\"on\"],"
                    + "\"additionalProperties\":false}";
    private static final String SONG =
            "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\",\"minLength\":1,"
                    + "\"maxLength\":6}},\"required\":[\"title\"],\"additionalProperties\":false}";
    private static final Map<String, String> SCHEMAS = Map.of("set_light", LIGHT, "play_music", SONG);

    @TempDir
    private Path folder;

    private static String tools(String choice, boolean parallel) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"tools\":[" + tool("set_light") + ","
                + tool("play_music") + "],\"tool_choice\":" + choice + ",\"parallel_tool_calls\":" + parallel + "}";
    }

    private static String tool(String name) {
        return "{\"type\":\"function\",\"function\":{\"name\":\"" + name + "\",\"parameters\":" + SCHEMAS.get(name)
                + "}}";
    }

    private Opened open(String template) throws IOException {
        if (template.equals("chatml-tools")) {
            return TinyModel.open(folder, ChatTemplates.source(template), TOGETHER);
        }
        try (InputStream in =
                TinyAnswersTest.class.getResourceAsStream("/golden/slm/templates/" + template + ".jinja")) {
            String source = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
            return TinyModel.open(folder, source, TOGETHER);
        }
    }

    private static List<Heard> drawn(Opened tiny, SlmPlan plan, int count, int tokens) {
        List<Heard> heard = new ArrayList<>();
        for (int from = 0; from < count; from += TOGETHER) {
            List<Waiting> some = new ArrayList<>();
            for (int seed = from; seed < Math.min(count, from + TOGETHER); seed++) {
                some.add(tiny.submit(plan, Starter.sampled(tokens, 1.5, seed)));
            }
            some.forEach(one -> heard.add(one.join()));
        }
        return heard;
    }

    private static Schema schema(String text) {
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(text, InputFormat.JSON);
    }

    /** A model that writes byte by byte can write bytes that are no character; then no value stands there. */
    private static boolean isBroken(Heard heard, SlmAnswer answer) {
        boolean broken = heard.text().contains("\uFFFD");
        if (broken) {
            assertThat(answer.unparsed()).isIn("arguments_not_json", "cut_off");
        }
        return broken;
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatml-tools", "calls-in-a-list", "calls-by-name"})
    void aForcedCallIsExactlyOneCallOfThatTool(String template) throws Exception {
        Schema light = schema(LIGHT);
        try (Opened tiny = open(template);
                SlmPlan plan =
                        tiny.plan(tools("{\"type\":\"function\",\"function\":{\"name\":\"set_light\"}}", false))) {
            for (Heard heard : drawn(tiny, plan, SEEDS, 200)) {
                SlmAnswer answer = tiny.read(plan, heard);
                assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.END_OF_TURN);
                assertThat(answer.unparsed()).as(heard.text()).isNull();
                assertThat(answer.content()).isEmpty();
                assertThat(answer.calls()).singleElement().satisfies(call -> {
                    assertThat(call.name()).isEqualTo("set_light");
                    assertThat(light.validate(call.arguments(), InputFormat.JSON))
                            .isEmpty();
                    assertThat(heard.text()).contains(call.arguments());
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chatml-tools", "calls-in-a-list", "calls-by-name"})
    void requiredCallsAreOfTheToolsOfferedAndSeveralWhereTheyMayBe(String template) throws Exception {
        Map<String, Schema> schemas = Map.of("set_light", schema(LIGHT), "play_music", schema(SONG));
        Set<Integer> counts = new HashSet<>();
        Set<String> names = new HashSet<>();
        try (Opened tiny = open(template);
                SlmPlan plan = tiny.plan(tools("\"required\"", true))) {
            for (Heard heard : drawn(tiny, plan, SEEDS / 3, 240)) {
                SlmAnswer answer = tiny.read(plan, heard);
                if (isBroken(heard, answer)) {
                    continue;
                }
                if (heard.result().finish() == SlmResult.Finish.LENGTH) {
                    assertThat(answer.unparsed()).isEqualTo("cut_off");
                    continue;
                }
                assertThat(answer.unparsed()).as(heard.text()).isNull();
                counts.add(answer.calls().size());
                for (SlmAnswer.ToolCall call : answer.calls()) {
                    names.add(call.name());
                    assertThat(Objects.requireNonNull(schemas.get(call.name()))
                                    .validate(call.arguments(), InputFormat.JSON))
                            .as(call.arguments())
                            .isEmpty();
                }
            }
        }
        assertThat(names).containsExactlyInAnyOrder("set_light", "play_music");
        assertThat(counts).contains(1, 2);
    }

    @Test
    void finishedJsonValidates() throws Exception {
        String schema =
                "{\"type\":\"object\",\"properties\":{\"kind\":{\"enum\":[\"a\",\"b\",3,null]},\"tags\":{\"type\":"
                        + "\"array\",\"items\":{\"type\":\"string\",\"maxLength\":3},\"minItems\":1,\"maxItems\":3},\"id\":{\"type\":"
                        + "\"string\",\"pattern\":\"^[A-C]{2}-[0-9]{1,3}$\"},\"day\":{\"type\":\"string\",\"format\":\"date\"},\"n\":{"
                        + "\"type\":\"integer\",\"minimum\":-5,\"maximum\":120},\"deep\":{\"anyOf\":[{\"type\":\"null\"},{\"type\":"
                        + "\"object\",\"properties\":{\"x\":{\"type\":\"boolean\"}},\"required\":[\"x\"],\"additionalProperties\":false}]}},"
                        + "\"required\":[\"kind\",\"tags\",\"id\",\"n\"],\"additionalProperties\":false}";
        Schema checked = schema(schema);
        int finished = 0;
        try (Opened tiny = open("chatml-tools");
                SlmPlan plan = tiny.plan(
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"response_format\":{\"type\":"
                                + "\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":" + schema + "}}}")) {
            for (Heard heard : drawn(tiny, plan, SEEDS, 300)) {
                SlmAnswer answer = tiny.read(plan, heard);
                if (heard.result().finish() == SlmResult.Finish.LENGTH || isBroken(heard, answer)) {
                    continue;
                }
                finished++;
                assertThat(answer.unparsed()).as(heard.text()).isNull();
                assertThat(checked.validate(heard.text(), InputFormat.JSON))
                        .as(heard.text())
                        .isEmpty();
            }
        }
        assertThat(finished).isGreaterThan(SEEDS / 4);
    }

    @Test
    void marginsCanBeComputedAgainFromTheLikeliestTokens() throws Exception {
        try (Opened tiny = open("chatml-tools");
                SlmPlan plan =
                        tiny.plan(tools("{\"type\":\"function\",\"function\":{\"name\":\"set_light\"}}", false))) {
            int passedOver = 0;
            for (long seed = 0; seed < 10; seed++) {
                var request = new SlmRequest(
                        200, 1.5, null, null, null, null, null, null, seed, List.of(), Map.of(), 20, 0, 1, 0, null,
                        null, false);
                Heard heard = tiny.ask(plan, request);
                var margins = new Margins();
                heard.tokens().forEach(margins::add);
                SlmAnswer answer = tiny.read(plan, heard);
                int length = heard.text().getBytes(StandardCharsets.UTF_8).length;
                List<Double> again = new ArrayList<>();
                for (SlmListener.Token token : heard.tokens()) {
                    if (token.id() < 0) {
                        continue;
                    }
                    double best = token.top().stream()
                            .filter(other -> other.id() != token.id())
                            .mapToDouble(SlmListener.TopToken::logprob)
                            .max()
                            .orElseThrow();
                    assertThat((double) token.margin()).isCloseTo(token.logprob() - best, offset(1e-3));
                    passedOver += token.margin() < 0 ? 1 : 0;
                    // one token a byte: it touches a value if its byte lies within
                    boolean touches = answer.values().stream()
                            .anyMatch(value -> value.from() <= token.offset() && token.offset() < value.to());
                    if (touches && !token.forced()) {
                        again.add(token.logprob() - best);
                    }
                }
                Margins.Summary summary = Objects.requireNonNull(margins.over(answer.values(), length));
                assertThat(summary.least())
                        .isCloseTo(again.stream().mapToDouble(x -> x).min().orElseThrow(), offset(1e-3));
                assertThat(summary.mean())
                        .isCloseTo(again.stream().mapToDouble(x -> x).average().orElseThrow(), offset(1e-3));
                assertThat(answer.values()).allSatisfy(value -> {
                    byte[] raw = heard.text().getBytes(StandardCharsets.UTF_8);
                    String text = new String(raw, value.from(), value.to() - value.from(), StandardCharsets.UTF_8);
                    JsonNode arguments = JSON.readTree(answer.calls().getFirst().arguments());
                    assertThat(arguments)
                            .anySatisfy(leaf -> assertThat(leaf.asText()).isEqualTo(text));
                });
            }
            assertThat(passedOver).isPositive();
        }
    }

    @Test
    void theCountOfARequestIsWhatItsPromptCosts() throws Exception {
        try (Opened tiny = open("chatml-tools")) {
            for (String body :
                    List.of(Starter.user("Hi"), Starter.user("\u4F60\u597D \uD83D\uDE42"), tools("\"auto\"", true))) {
                int count = tiny.threads().call(() -> tiny.engine().count(body.getBytes(StandardCharsets.UTF_8)));
                try (SlmPlan plan = tiny.plan(body)) {
                    assertThat(tiny.ask(plan, SlmRequest.greedy(1)).result().prompt())
                            .isEqualTo(count);
                }
            }
        }
    }
}
