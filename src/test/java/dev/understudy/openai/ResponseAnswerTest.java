package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ResponseAnswerTest {
    private static final TokenCount USAGE = new TokenCount(11, 4, 3, TokenCount.Source.REPORTED);

    @Test
    void aWholeStreamIsReadFromItsLastEvent() {
        Answer answer = stream("conformant");

        assertThat(answer.content()).isEqualTo("héllo");
        assertThat(answer.finish()).isEqualTo("completed");
        assertThat(answer.usage()).isEqualTo(USAGE);
    }

    @Test
    void callsAreReadWithTheirArguments() {
        assertThat(stream("conformant-tool").toolCalls())
                .containsExactly(new Reply.ToolCall("call_1", "get", "{\"a\":1}"));
    }

    @Test
    void ofAStreamThatBrokeOffAsMuchAsCameIsRead() {
        Answer answer = stream("truncated");

        assertThat(answer.content()).isEqualTo("hél");
        assertThat(answer.finish()).isNull();
        assertThat(answer.usage()).isEqualTo(TokenCount.NONE);
    }

    @Test
    void aDocumentIsRead() {
        String json = "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":["
                + "{\"type\":\"reasoning\",\"content\":[{\"type\":\"reasoning_text\",\"text\":\"hmm\"}]},"
                + "{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"annotations\":[{\"type\":\"x\"}],"
                + "\"text\":\"a\"},{\"type\":\"refusal\",\"refusal\":\"no\"},7]},"
                + "{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"run\",\"input\":\"ls\"}],"
                + "\"usage\":{\"input_tokens\":11,\"input_tokens_details\":{\"cached_tokens\":4},\"output_tokens\":3}}";
        Answer answer = AnswerReader.read(new AnswerBytes(Api.RESPONSES, false, json.getBytes(StandardCharsets.UTF_8)));

        assertThat(answer.content()).isEqualTo("a");
        assertThat(answer.refusal()).isEqualTo("no");
        assertThat(answer.toolCalls()).containsExactly(new Reply.ToolCall("c", "run", "ls"));
        assertThat(answer.usage()).isEqualTo(USAGE);
    }

    @Test
    void aStreamAmountsToTheResponseThatItsLastEventTells() {
        byte[] whole = AnswerReader.document(
                new AnswerBytes(Api.RESPONSES, true, Golden.bytes("responses", "output-empty.out")));

        assertThat(new String(Objects.requireNonNull(whole), StandardCharsets.UTF_8))
                .startsWith("{\"id\":\"resp_1\",\"object\":\"response\"")
                .contains("\"output\":[{\"id\":\"msg_1\"")
                .endsWith("}");
        assertThat(AnswerReader.document(
                        new AnswerBytes(Api.RESPONSES, true, Golden.bytes("responses", "truncated.in"))))
                .isNull();
    }

    private static Answer stream(String name) {
        return AnswerReader.read(new AnswerBytes(Api.RESPONSES, true, Golden.bytes("responses", name + ".in")));
    }
}
