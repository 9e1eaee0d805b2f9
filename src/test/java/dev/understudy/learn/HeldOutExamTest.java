package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.slm.SlmAnswer;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldOutExamTest {

    private static final String WANTED = """
            {"tool_calls": [{"function": {"name": "refund_order", "arguments": {"order_id": "KX-48213", "amount": 45}}}]}
            """;

    @Test
    void the_order_of_arguments_does_not_matter() throws Exception {
        SlmAnswer answer = call("refund_order", "{\"amount\": 45, \"order_id\": \"KX-48213\"}");
        assertThat(HeldOutExam.sameNames(wanted(), answer)).isTrue();
        assertThat(HeldOutExam.sameAnswer(wanted(), answer)).isTrue();
    }

    @Test
    void every_mutation_of_the_arguments_is_wrong_though_the_tool_is_right() throws Exception {
        for (String arguments : List.of(
                "{\"order_id\": \"KX-48213\", \"amount\": 46}",
                "{\"order_id\": \"KX-48213\", \"amount\": \"45\"}",
                "{\"order_id\": \"KX-4821\", \"amount\": 45}",
                "{\"order_id\": \"KX-48213\"}",
                "{\"order_id\": \"KX-48213\", \"amount\": 45, \"note\": \"\"}",
                "{\"order_id\": ")) {
            SlmAnswer answer = call("refund_order", arguments);
            assertThat(HeldOutExam.sameNames(wanted(), answer)).as(arguments).isTrue();
            assertThat(HeldOutExam.sameAnswer(wanted(), answer)).as(arguments).isFalse();
        }
    }

    @Test
    void another_tool_a_second_call_and_an_unreadable_answer_are_wrong() throws Exception {
        String right = "{\"order_id\": \"KX-48213\", \"amount\": 45}";
        var twice = new SlmAnswer.ToolCall("refund_order", right);
        assertThat(HeldOutExam.sameNames(wanted(), call("track_order", right))).isFalse();
        assertThat(HeldOutExam.sameNames(wanted(), new SlmAnswer("", List.of(twice, twice), null, List.of())))
                .isFalse();
        assertThat(HeldOutExam.sameNames(wanted(), new SlmAnswer("", List.of(), "cut_off", List.of())))
                .isFalse();
    }

    @Test
    void a_text_is_right_when_it_is_the_very_text() throws Exception {
        JsonNode wanted = new ObjectMapper().readTree("{\"content\": \"late_delivery\"}");
        assertThat(HeldOutExam.sameAnswer(wanted, new SlmAnswer(" late_delivery\n", List.of(), null, List.of())))
                .isTrue();
        assertThat(HeldOutExam.sameAnswer(wanted, new SlmAnswer("praise", List.of(), null, List.of())))
                .isFalse();
    }

    private static JsonNode wanted() throws Exception {
        return new ObjectMapper().readTree(WANTED);
    }

    private static SlmAnswer call(String name, String arguments) {
        return new SlmAnswer("", List.of(new SlmAnswer.ToolCall(name, arguments)), null, List.of());
    }
}
