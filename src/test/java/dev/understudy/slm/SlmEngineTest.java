package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.slm.Starter.Heard;
import dev.understudy.slm.Starter.Opened;
import dev.understudy.slm.Starter.Waiting;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The engine by itself, on the starter model. */
@ExtendWith(Starter.class)
class SlmEngineTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final float CLEAR_GAP = 0.5F;

    private static final String LIGHT = "{\"type\":\"function\",\"function\":{\"name\":\"set_light\",\"parameters\":"
            + "{\"type\":\"object\",\"properties\":{\"room\":{\"type\":\"string\",\"maxLength\":20},"
            + "\"on\":{\"type\":\"boolean\"},\"level\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":10}},"
            + "\"required\":[\"room\",\"on\"]}}}";
    private static final String MUSIC = "{\"type\":\"function\",\"function\":{\"name\":\"play_music\",\"parameters\":"
            + "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\",\"maxLength\":30}},"
            + "\"required\":[\"title\"]}}}";

    private static String withTools(String choice) {
        return "{\"messages\":[{\"role\":\"user\",\"content\":\"Turn on the light in the"
                + " kitchen\"}],\"tools\":["
                + LIGHT + "," + MUSIC + "],\"tool_choice\":" + choice + ",\"parallel_tool_calls\":false}";
    }

    @Test
    void answersAQuestionAndEndsItsTurn(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            Heard heard = starter.ask(plan, SlmRequest.greedy(40));

            assertThat(heard.text()).contains("Paris").doesNotContain("<|im_end|>");
            assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.END_OF_TURN);
            assertThat(heard.result().prompt()).isEqualTo(plan.tokens().length);
            assertThat(heard.result().generated()).isEqualTo(heard.ids().size() + 1);
        }
    }

    @Test
    void rendersTrainingRowsByTheTemplateThatServes(Opened starter) {
        String chat = "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
                + "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
                + "\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"play_music\","
                + "\"arguments\":\"{\\\"title\\\":\\\"A\\\"}\"}}]},"
                + "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"ok\"}],\"tools\":[" + MUSIC
                + "]}";
        try (SlmPlan plan = starter.plan(chat)) {
            assertThat(plan.prompt())
                    .startsWith("<|im_start|>system\nBe brief.\n\nTools at hand, one JSON object a line:\n<tools>\n"
                            + "{\"type\": \"function\", \"function\": {\"name\": \"play_music\"")
                    .endsWith("""
                        <|im_start|>user
                        Hi<|im_end|>
                        <|im_start|>assistant
                        <tool_call>
                        {"name": "play_music", "arguments": {"title": "A"}}
                        </tool_call><|im_end|>
                        <|im_start|>user
                        <tool_response>
                        ok
                        </tool_response><|im_end|>
                        <|im_start|>assistant
                        """);
            assertThat(plan.tokens()).isEqualTo(starter.engine().tokenize(plan.prompt(), true, true));
        }
    }

    @Test
    void aForcedCallIsOneCallWhateverIsDrawn(Opened starter) {
        try (SlmPlan plan = starter.plan(withTools("\"required\""))) {
            List<Waiting> all = new ArrayList<>();
            for (int seed = 0; seed < 4; seed++) {
                all.add(starter.submit(plan, Starter.sampled(160, 1.8, seed)));
            }
            int whole = 0;
            for (Waiting one : all) {
                Heard heard = one.join();
                SlmAnswer answer = starter.read(plan, heard);
                if (heard.result().finish() == SlmResult.Finish.LENGTH) {
                    assertThat(answer.unparsed()).isEqualTo("cut_off");
                    continue;
                }
                whole++;
                assertThat(heard.text())
                        .startsWith("<tool_call>\n{\"name\": \"")
                        .endsWith("}\n</tool_call>");
                assertThat(answer.unparsed()).isNull();
                assertThat(answer.calls()).hasSize(1);
                assertThat(answer.calls().getFirst().name()).isIn("set_light", "play_music");
            }
            assertThat(whole).isPositive();
        }
    }

    @Test
    void aNamedToolIsTheOneThatIsCalled(Opened starter) {
        try (SlmPlan plan = starter.plan(withTools("{\"type\":\"function\",\"function\":{\"name\":\"play_music\"}}"))) {
            Heard heard = starter.ask(plan, SlmRequest.greedy(120));

            assertThat(starter.read(plan, heard).calls())
                    .singleElement()
                    .satisfies(call -> assertThat(call.name()).isEqualTo("play_music"));
        }
    }

    @Test
    void aForcedCallIsSpelledAndCutIntoTokensAsTrainingDoes(Opened starter) {
        try (SlmPlan plan = starter.plan(withTools("\"required\""))) {
            Heard heard = starter.ask(plan, SlmRequest.greedy(120));
            String text = heard.text();

            assertThat(text).contains("\", \"arguments\": {\"room\": \"");
            int[] trained = starter.engine().tokenize(text, false, true);
            List<Integer> written = heard.ids();
            // greedy tokens of an untrained model may cut a value otherwise; the frame around values must
            // agree
            assertThat(written.subList(0, 8))
                    .isEqualTo(Arrays.stream(trained).boxed().toList().subList(0, 8));
        }
    }

    @Test
    void freeToolsMayBeLeftAlone(Opened starter) {
        try (SlmPlan plan = starter.plan(withTools("\"auto\""))) {
            Heard heard = starter.ask(plan, SlmRequest.greedy(60));
            SlmAnswer answer = starter.read(plan, heard);

            assertThat(plan.expected()).isEqualTo("auto_calls");
            assertThat(answer.isEmpty()).isFalse();
        }
    }

    @Test
    void finishedJsonFollowsItsSchema(Opened starter) throws Exception {
        String chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"Anna is"
                + " 31.\"}],\"response_format\":{\"type\":"
                + "\"json_schema\",\"json_schema\":{\"name\":\"p\",\"schema\":{\"type\":\"object\",\"properties\":{"
                + "\"name\":{\"type\":\"string\",\"maxLength\":12},\"age\":{\"type\":\"integer\",\"minimum\":0,"
                + "\"maximum\":120},\"mood\":{\"enum\":[\"good\",\"bad\"]},\"tags\":{\"type\":\"array\",\"items\":{"
                + "\"type\":\"boolean\"},\"maxItems\":3}},\"required\":[\"name\",\"age\",\"mood\",\"tags\"],"
                + "\"additionalProperties\":false}}}}";
        try (SlmPlan plan = starter.plan(chat)) {
            List<Waiting> all = new ArrayList<>();
            for (int seed = 0; seed < 4; seed++) {
                all.add(starter.submit(plan, Starter.sampled(100, 1.8, seed)));
            }
            for (Waiting one : all) {
                Heard heard = one.join();
                assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.END_OF_TURN);
                assertThat(starter.read(plan, heard).unparsed()).isNull();
                JsonNode json = JSON.readTree(heard.text());
                assertThat(json.properties())
                        .extracting(Map.Entry::getKey)
                        .containsExactly("name", "age", "mood", "tags");
                assertThat(json.path("name")
                                .asText()
                                .codePointCount(0, json.path("name").asText().length()))
                        .isLessThanOrEqualTo(12);
                assertThat(json.path("age").asInt()).isBetween(0, 120);
                assertThat(json.path("mood").asText()).isIn("good", "bad");
                assertThat(json.path("tags").size()).isLessThanOrEqualTo(3);
            }
        }
    }

    @Test
    void endsBeforeAStopStringAndShowsNoPartOfIt(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("What is the capital of France?"))) {
            String whole = starter.ask(plan, SlmRequest.greedy(40)).text();
            String stop = "of Fra";
            assertThat(whole).contains(stop);

            Heard heard = starter.ask(plan, stopping(List.of(stop)));

            assertThat(heard.text()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
            assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.STOP);
            for (SlmListener.Token token : heard.tokens()) {
                assertThat(token.text()).doesNotContain("of");
            }
        }
    }

    private static SlmRequest stopping(List<String> stop) {
        return new SlmRequest(
                40, null, null, null, null, null, null, null, null, stop, Map.of(), null, 0, 1, 0, null, null, false);
    }

    @Test
    void everyPieceIsWholeUtf8(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("Repeat: \uD83D\uDC4B \u4F60\u597D"))) {
            List<Waiting> all = new ArrayList<>();
            for (int seed = 0; seed < 6; seed++) {
                all.add(starter.submit(plan, Starter.sampled(40, 2, seed)));
            }
            for (Waiting one : all) {
                for (SlmListener.Token token : one.join().tokens()) {
                    byte[] bytes = token.text().getBytes(StandardCharsets.UTF_8);
                    assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(token.text());
                    assertThat(token.text()
                                            .chars()
                                            .filter(c -> Character.isSurrogate((char) c))
                                            .count()
                                    % 2)
                            .isZero();
                }
            }
        }
    }

    @Test
    void aSeedRepeatsItsTokens(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("Tell me a story"))) {
            List<Integer> once = starter.ask(plan, Starter.sampled(24, 1, 7)).ids();
            List<Integer> again = starter.ask(plan, Starter.sampled(24, 1, 7)).ids();
            List<Integer> other = starter.ask(plan, Starter.sampled(24, 1, 8)).ids();

            assertThat(again.subList(0, 8)).isEqualTo(once.subList(0, 8));
            assertThat(other).isNotEqualTo(once);
        }
    }

    @Test
    void aBatchGivesTheTokensThatEachGivesAlone(Opened starter) {
        List<SlmPlan> plans = new ArrayList<>();
        List<Heard> alone = new ArrayList<>();
        for (String topic : List.of("rain", "bread", "Rome", "cats", "trains", "the sea", "chess", "tea")) {
            SlmPlan plan = starter.plan(Starter.user("Say one sentence about " + topic));
            plans.add(plan);
            alone.add(starter.ask(plan, SlmRequest.greedy(20)));
        }
        long before = starter.engine().stats().path("steps").asLong();
        List<Waiting> together = plans.stream()
                .map(plan -> starter.submit(plan, SlmRequest.greedy(20)))
                .toList();

        for (int i = 0; i < plans.size(); i++) {
            assertSameUpToACloseCall(together.get(i).join(), alone.get(i));
            plans.get(i).close();
        }
        assertThat(starter.engine().stats().path("steps").asLong() - before).isLessThan(80);
    }

    /** Batches and caches move logits a little: tokens agree up to the first that was nearly another. */
    static void assertSameUpToACloseCall(Heard actual, Heard expected) {
        for (int i = 0; i < Math.min(actual.ids().size(), expected.ids().size()); i++) {
            boolean close = actual.tokens().get(i).margin() < CLEAR_GAP
                    || expected.tokens().get(i).margin() < CLEAR_GAP;
            if (close) {
                return;
            }
            assertThat(actual.ids().get(i))
                    .as("token %d", i)
                    .isEqualTo(expected.ids().get(i));
        }
    }

    @Test
    void aPromptThatCameBeforeIsNotEvaluatedAgain(Opened starter) {
        String words = "one two three four five six seven eight ".repeat(30);
        try (SlmPlan plan = starter.plan(Starter.user("Count the words: " + words))) {
            Heard first = starter.ask(plan, SlmRequest.greedy(8));
            Heard second = starter.ask(plan, SlmRequest.greedy(8));

            assertThat(second.result().prompt()).isGreaterThan(240);
            assertThat(second.result().cached()).isEqualTo(second.result().prompt() - 1);
            assertSameUpToACloseCall(second, first);
        }
    }

    @Test
    void requestsSentTogetherShareTheirBeginning(Opened starter) {
        String rules = "Rule: be kind and brief and true. ".repeat(30);
        List<SlmPlan> plans = new ArrayList<>();
        List<Waiting> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SlmPlan plan = starter.plan("{\"messages\":[{\"role\":\"system\",\"content\":\"" + rules
                    + "\"},{\"role\":\"user\",\"content\":\"Question " + i + "\"}]}");
            plans.add(plan);
            all.add(starter.submit(plan, SlmRequest.greedy(4)));
        }
        int evaluated = 0;
        for (Waiting one : all) {
            SlmResult result = one.join().result();
            evaluated += result.prompt() - result.cached();
        }
        assertThat(evaluated).isLessThan(plans.getFirst().tokens().length + 100);
        plans.forEach(SlmPlan::close);
    }

    @Test
    void prefixesOfAnotherScopeAreNotUsed(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("Team secrets " + "are kept apart ".repeat(30)))) {
            starter.ask(plan, scoped(1));
            assertThat(starter.ask(plan, scoped(2)).result().cached()).isZero();
            assertThat(starter.ask(plan, scoped(1)).result().cached()).isPositive();
        }
    }

    private static SlmRequest scoped(long scope) {
        return new SlmRequest(
                2, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, scope, null, null,
                false);
    }

    @Test
    void aCancelledRequestEndsAtOnceAndItsSlotIsFree(Opened starter) throws Exception {
        try (SlmPlan plan = starter.plan(Starter.user("Write a very long story"))) {
            Waiting waiting = starter.submit(plan, endless(4000));
            waiting.heard().first.get(60, TimeUnit.SECONDS);
            starter.engine().cancel(waiting.id());
            Heard heard = waiting.join();

            assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.CANCELLED);
            assertThat(heard.result().generated()).isLessThan(4000);
            starter.engine().cancel(waiting.id());
            assertThat(starter.ask(plan, SlmRequest.greedy(2)).result().finish())
                    .isIn(SlmResult.Finish.LENGTH, SlmResult.Finish.END_OF_TURN);
        }
    }

    private static SlmRequest endless(int tokens) {
        return new SlmRequest(
                tokens, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, 0, null, null,
                true);
    }

    @Test
    void aDeadlineEndsARequestAndKeepsItsText(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("Write a very long story"))) {
            var request = new SlmRequest(
                    4000,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    List.of(),
                    Map.of(),
                    null,
                    0,
                    1,
                    0,
                    Duration.ofMillis(1500),
                    null,
                    true);
            Heard heard = starter.ask(plan, request);
            assertThat(heard.result().finish()).isEqualTo(SlmResult.Finish.DEADLINE);
            assertThat(heard.text())
                    .isNotBlank()
                    .isEqualTo(starter.engine()
                            .detokenize(heard.ids().stream()
                                    .mapToInt(Integer::intValue)
                                    .toArray()));
            assertThat(heard.result().generated()).isEqualTo(heard.ids().size());
        }
    }

    @Test
    void anExecutorThatIsFarBehindLosesItsAnswer(Opened starter) throws Exception {
        var waiting = new LinkedBlockingQueue<Runnable>();
        var heard = new Starter.Collector();
        try (SlmPlan plan = starter.plan(Starter.user("Write a very long story"))) {
            // text of 64 KiB takes minutes, so the lane is filled by hand
            var lane = new RequestLane(waiting::add, heard);
            var token = new SlmListener.Token(1, "x".repeat(1 << 10), 0, 0, 0, false, false, List.of());
            for (int i = 0; i < 64; i++) {
                assertThat(lane.put(token)).isTrue();
                assertThat(lane.wake()).isTrue();
            }
            assertThat(lane.put(token)).isFalse();
            assertThat(waiting).hasSize(1);
            waiting.take().run();
            assertThat(lane.put(token)).isTrue();

            // whoever takes no more work is cancelled by the engine itself
            long id = starter.engine()
                    .submit(
                            plan,
                            endless(4000),
                            task -> {
                                throw new RejectedExecutionException();
                            },
                            heard);
            assertThat(id).isPositive();
            Awaitility.await()
                    .untilAsserted(() -> assertThat(
                                    starter.engine().stats().path("busy").asInt())
                            .isZero());
        }
    }

    @Test
    void aFullQueueRefusesAndEveryoneElseIsServed(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("Hi"))) {
            List<Waiting> taken = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 100; i++) {
                try {
                    taken.add(starter.submit(plan, SlmRequest.greedy(3)));
                } catch (SlmException e) {
                    assertThat(e.code()).isEqualTo(SlmException.Code.OVERLOADED);
                    refused++;
                }
            }
            assertThat(taken.size() + refused).isEqualTo(100);
            assertThat(refused).isPositive();
            for (Waiting one : taken) {
                assertThat(one.join().result().failure()).isNull();
            }
        }
    }

    @Test
    void aPromptLongerThanTheContextIsRefused(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("word ".repeat(9000)))) {
            assertThatThrownBy(() -> starter.submit(plan, SlmRequest.greedy(4)))
                    .isInstanceOfSatisfying(
                            SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.CONTEXT_LENGTH))
                    .hasMessageContaining("8192");
        }
    }

    @Test
    void marginsAreTheGapsOfTheLogprobs(Opened starter) {
        try (SlmPlan plan = starter.plan(Starter.user("What is the capital of Italy?"))) {
            var request = new SlmRequest(
                    10, null, null, null, null, null, null, null, null, List.of(), Map.of(), 2, 0, 1, 0, null, null,
                    false);
            Heard heard = starter.ask(plan, request);
            for (SlmListener.Token token : heard.tokens()) {
                assertThat(token.top()).hasSize(2);
                assertThat(token.top().getFirst().id()).isEqualTo(token.id());
                float gap = token.top().get(0).logprob() - token.top().get(1).logprob();
                assertThat(token.margin()).isCloseTo(gap, org.assertj.core.data.Offset.offset(1e-3F));
                assertThat(token.logprob()).isEqualTo(token.top().getFirst().logprob());
            }
        }
    }

    @Test
    void tokensTurnIntoTheTextTheyCameFrom(Opened starter) {
        for (String text :
                List.of("Hello, world!", "  two  blanks", "\u4F60\u597D \uD83D\uDC4B", "{\"a\": [1, 2.5e3]}\n")) {
            assertThat(starter.engine().detokenize(starter.engine().tokenize(text, false, false)))
                    .isEqualTo(text);
        }
    }

    @Test
    void whatWouldHarmTheProcessIsRefusedByName(Opened starter) {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        assertInvalid(() -> starter.plan("{\"messages\":" + deep + "}"), "messages");
        assertInvalid(() -> starter.plan("{\"messages\":[]}"), "messages");
        assertInvalid(() -> starter.plan("{\"messages\":3"), "");
        assertInvalid(() -> starter.plan(withTools("\"required\"").replace("set_light", "set light")), "tools");
        assertInvalid(
                () -> starter.plan(withTools("\"required\"").replace("\"maxLength\":20", "\"maxLength\":99999")),
                "maxLength");
        assertInvalid(
                () -> starter.plan(withTools("\"required\"").replace("\"maxLength\":20", "\"pattern\":\"^((($\"")), "");
        assertInvalid(() -> Starter.sampled(10, 2.5, 1), "temperature");
        assertInvalid(() -> Starter.sampled(10, Double.NaN, 1), "temperature");
        assertInvalid(() -> stopping(List.of("")), "stop");
        assertThatThrownBy(() -> starter.plan(
                        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]}"))
                .isInstanceOfSatisfying(
                        SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.UNSUPPORTED));
        try (SlmPlan plan = starter.plan(Starter.user("Still there?"))) {
            assertThat(starter.ask(plan, SlmRequest.greedy(2)).result().failure())
                    .isNull();
        }
    }

    private static void assertInvalid(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String field) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SlmException.class, e -> assertThat(e.code()).isEqualTo(SlmException.Code.INVALID))
                .hasMessageContaining(field);
    }
}
