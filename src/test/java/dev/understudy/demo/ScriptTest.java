package dev.understudy.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScriptTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MANY = 4_000;

    private final DemoMessages inbox = new DemoMessages(11, Split.HELD_OUT);
    private final Script script = new Script(7);

    @Test
    void nearlyEveryGeneratedMessageGetsItsTrueAnswer() {
        int right = 0;
        int otherwise = 0;
        for (int i = 0; i < MANY; i++) {
            DemoCall call = inbox.next(DemoErrand.TOOLS);
            ScriptedAnswer answer = script.answer(call.body());
            otherwise += answer.otherwise() ? 1 : 0;
            right += isTrue(call, answer) ? 1 : 0;
        }
        assertThat(otherwise).isBetween(MANY / 400, MANY / 100);
        assertThat(right).isEqualTo(MANY - otherwise);
    }

    @Test
    void theSameSeedAnswersTheSame() {
        Script again = new Script(7);
        for (int i = 0; i < 300; i++) {
            DemoCall call = inbox.next();
            assertThat(again.answer(call.body())).isEqualTo(script.answer(call.body()));
        }
    }

    @Test
    void aSlipOfAnEnumStaysInTheEnum() throws JsonProcessingException {
        JsonNode schema = inbox.request(DemoErrand.TRIAGE).at("/response_format/json_schema/schema");
        var truth = (ObjectNode) JSON.readTree("{\"intent\":\"praise\"}");

        ObjectNode slip = Slip.in(truth, Optional.of(schema));

        assertThat(slip.path("intent").asText()).isEqualTo("late_delivery");
    }

    @Test
    void aToolLoopEndsWithTheAnswerOnceTheResultIsThere() {
        DemoCall call = inbox.next(DemoErrand.LOOKUP);
        var loop = (DemoTruth.Loop) call.truth();
        var assistant = JSON.createObjectNode();
        assistant.putArray("tool_calls").addObject().put("id", "call_1");

        ScriptedAnswer first = script.answer(call.body());
        ScriptedAnswer second = script.answer(call.followUp(assistant));

        assertThat(first.calls())
                .singleElement()
                .satisfies(tool -> assertThat(tool.name()).isEqualTo(loop.name()));
        assertThat(second.content()).startsWith(loop.answer());
    }

    @Test
    void anUnknownMessageIsEchoedWithTheWordThatItIsScripted() throws JsonProcessingException {
        ScriptedAnswer answer = script.answer(ask("{\"messages\":[{\"role\":\"user\",\"content\":\"Salut!\"}]}"));

        assertThat(answer.errand()).isEqualTo(ScriptedAnswer.OTHER);
        assertThat(answer.content()).isEqualTo("This is a scripted answer, no model wrote it. You said: Salut!");
    }

    @Test
    void aToolIsCalledWhenTheMessageMeansIt() throws JsonProcessingException {
        String tools = """
                ,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object",\
                "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2}},"required":["city"]}}}]}""";

        ScriptedAnswer meant = script.answer(
                ask("{\"messages\":[{\"role\":\"user\",\"content\":\"How is the weather in Paris?\"}]" + tools));
        ScriptedAnswer notMeant =
                script.answer(ask("{\"messages\":[{\"role\":\"user\",\"content\":\"Good morning\"}]" + tools));

        assertThat(meant.calls()).singleElement().satisfies(call -> {
            assertThat(call.name()).isEqualTo("get_weather");
            assertThat(call.arguments()).isEqualTo("{\"city\":\"Paris\",\"days\":2}");
        });
        assertThat(notMeant.calls()).isEmpty();
    }

    @Test
    void aSchemaIsFilled() throws JsonProcessingException {
        ScriptedAnswer answer = script.answer(ask("""
                {"messages":[{"role":"user","content":"Anna bought 3 lamps, all blue"}],
                 "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","properties":{
                   "colour":{"enum":["red","blue"]},"count":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}}}}}}}"""));

        assertThat(answer.content()).isEqualTo("{\"colour\":\"blue\",\"count\":3,\"tags\":[\"blue\"]}");
    }

    @Test
    void aTextEndsAtTheTokenLimit() throws JsonProcessingException {
        ScriptedAnswer answer = script.answer(
                ask("{\"max_tokens\":2,\"messages\":[{\"role\":\"user\",\"content\":\"Count to 100\"}]}"));

        assertThat(answer.content()).isEqualTo("1 2 3 4 ");
        assertThat(answer.finish()).isEqualTo("length");
    }

    private static JsonNode ask(String json) throws JsonProcessingException {
        return JSON.readTree(json);
    }

    private static boolean isTrue(DemoCall call, ScriptedAnswer answer) {
        var truth = (DemoTruth.Call) call.truth();
        return answer.calls().size() == 1
                && answer.calls().getFirst().name().equals(truth.name())
                && answer.calls()
                        .getFirst()
                        .arguments()
                        .equals(truth.arguments().toString());
    }
}
