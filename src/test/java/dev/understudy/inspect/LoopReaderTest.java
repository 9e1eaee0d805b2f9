package dev.understudy.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.Loop;
import dev.understudy.model.OwnerMarks;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.CallReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LoopReaderTest {
    private static final String USER = "{\"role\":\"user\",\"content\":\"hi\"}";
    private static final String SAID = "{\"role\":\"assistant\",\"content\":\"done\"}";
    private static final SmallModels SMALL = new SmallModels(List.of("tiny", "minute"), 8);

    private final OwnerMarks marks = new OwnerMarks(new byte[32]);
    private final LoopReader loops = new LoopReader(marks);

    @Test
    void noLoopIsOpenWithoutAToolResultAtTheEnd() throws ApiFailure {
        assertThat(chat(USER)).isEqualTo(Loop.NONE);
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), SAID)).isEqualTo(Loop.NONE);
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), USER)).isEqualTo(Loop.NONE);
    }

    @Test
    void theModelWhoseMarkEveryCallBearsOwnsTheLoop() throws ApiFailure {
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)))).isEqualTo(Loop.of("tiny"));
        assertThat(chat(
                        USER,
                        calls(tiny(1)),
                        result(tiny(1)),
                        calls(tiny(2), tiny(3)),
                        result(tiny(2)),
                        result(tiny(3))))
                .isEqualTo(Loop.of("tiny"));
        assertThat(chat(USER, calls(minute(1)), result(minute(1)))).isEqualTo(Loop.of("minute"));
    }

    @Test
    void aReminderOfTheAuthorAfterTheResultsDoesNotCloseTheLoop() throws ApiFailure {
        String reminder = "{\"role\":\"system\",\"content\":\"Keep going.\"}";

        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), reminder)).isEqualTo(Loop.of("tiny"));
        assertThat(chat(USER, calls("call_llm"), result("call_llm"), reminder)).isEqualTo(Loop.LLM);
    }

    @Test
    void oneCallWithoutAMarkMakesItTheLargeModels() throws ApiFailure {
        assertThat(chat(USER, calls("call_abc"), result("call_abc"))).isEqualTo(Loop.LLM);
        assertThat(chat(USER, calls("call_abc"), result("call_abc"), calls(tiny(1)), result(tiny(1))))
                .isEqualTo(Loop.LLM);
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), calls("call_abc"), result("call_abc")))
                .isEqualTo(Loop.LLM);
        assertThat(chat(USER, calls(tiny(1), "call_abc"), result(tiny(1)))).isEqualTo(Loop.LLM);
    }

    @Test
    void whatWasCalledBeforeTheLastUserMessageDoesNotCount() throws ApiFailure {
        assertThat(chat(USER, calls("call_abc"), result("call_abc"), SAID, USER, calls(tiny(1)), result(tiny(1))))
                .isEqualTo(Loop.of("tiny"));
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), SAID, USER, calls("call_abc"), result("call_abc")))
                .isEqualTo(Loop.LLM);
    }

    @Test
    void twoSmallModelsInOneLoopOwnNothing() throws ApiFailure {
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), calls(minute(2)), result(minute(2))))
                .isEqualTo(Loop.LLM);
    }

    @Test
    void aMarkOfAnotherTeamOrOfAModelThatIsGoneIsNone() throws ApiFailure {
        String theirs = marks.id("support", "tiny", new UUID(1, 1), 0);
        String gone = marks.id("local", "retired", new UUID(1, 1), 0);

        assertThat(chat(USER, calls(theirs), result(theirs))).isEqualTo(Loop.LLM);
        assertThat(chat(USER, calls(gone), result(gone))).isEqualTo(Loop.LLM);
    }

    @Test
    void aResultThatNamesAnotherCallIsNotCoveredByTheMark() throws ApiFailure {
        assertThat(chat(USER, calls(tiny(1)), result(tiny(1)), result("call_abc")))
                .isEqualTo(Loop.LLM);
    }

    @Test
    void theOldFunctionCallsHaveNoIdsAndSoNoMark() throws ApiFailure {
        String old =
                "{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}";
        String answer = "{\"role\":\"function\",\"name\":\"f\",\"content\":\"ok\"}";

        assertThat(chat(USER, old, answer)).isEqualTo(Loop.LLM);
        assertThat(chat(USER, old, calls(tiny(1)), result(tiny(1)))).isEqualTo(Loop.LLM);
    }

    @Test
    void aLoopThatIsTooLongToReadIsTheLargeModels() throws ApiFailure {
        assertThat(chat(repeated(LoopReader.MOST_IDS / 2))).isEqualTo(Loop.of("tiny"));
        assertThat(chat(repeated(LoopReader.MOST_IDS / 2 + 1))).isEqualTo(Loop.LLM);
    }

    @Test
    void itemsOfTheResponsesApiAreReadAlike() throws ApiFailure {
        assertThat(responses(USER, item(tiny(1)), output(tiny(1)))).isEqualTo(Loop.of("tiny"));
        assertThat(responses(USER, item("call_abc"), output("call_abc"))).isEqualTo(Loop.LLM);
        assertThat(responses(USER, item(tiny(1)), item("call_abc"), output(tiny(1)), output("call_abc")))
                .isEqualTo(Loop.LLM);
        assertThat(responses(output("call_abc"))).isEqualTo(Loop.LLM);
        assertThat(responses(output(tiny(1)))).isEqualTo(Loop.of("tiny"));
        assertThat(responses(
                        USER,
                        "{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}",
                        item(tiny(1)),
                        output(tiny(1))))
                .isEqualTo(Loop.LLM);
        assertThat(responses(USER)).isEqualTo(Loop.NONE);
    }

    private String tiny(int n) {
        return marks.id("local", "tiny", new UUID(1, n), 0);
    }

    private String minute(int n) {
        return marks.id("local", "minute", new UUID(1, n), 0);
    }

    private String[] repeated(int times) {
        String[] messages = new String[1 + 2 * times];
        messages[0] = USER;
        for (int n = 0; n < times; n++) {
            messages[1 + 2 * n] = calls(tiny(n));
            messages[2 + 2 * n] = result(tiny(n));
        }
        return messages;
    }

    private static String calls(String... ids) {
        StringBuilder all = new StringBuilder();
        for (String id : ids) {
            all.append(all.isEmpty() ? "" : ",")
                    .append("{\"id\":\"" + id
                            + "\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}");
        }
        return "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" + all + "]}";
    }

    private static String result(String id) {
        return "{\"role\":\"tool\",\"tool_call_id\":\"" + id + "\",\"content\":\"ok\"}";
    }

    private static String item(String id) {
        return "{\"type\":\"function_call\",\"call_id\":\"" + id + "\",\"name\":\"f\",\"arguments\":\"{}\"}";
    }

    private static String output(String id) {
        return "{\"type\":\"function_call_output\",\"call_id\":\"" + id + "\",\"output\":\"ok\"}";
    }

    private Loop chat(String... messages) throws ApiFailure {
        return read(Api.CHAT, "{\"model\":\"m\",\"messages\":[" + String.join(",", messages) + "]}");
    }

    private Loop responses(String... items) throws ApiFailure {
        return read(Api.RESPONSES, "{\"model\":\"m\",\"input\":[" + String.join(",", items) + "]}");
    }

    private Loop read(Api api, String body) throws ApiFailure {
        Call call = CallReader.read(
                api, new UUID(0x7000, 1), Instant.EPOCH, 0, body.getBytes(StandardCharsets.UTF_8), Map.of());
        return loops.read(call, "local", SMALL).value();
    }
}
