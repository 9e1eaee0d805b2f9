package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatDocumentTest {
    private static final String ANSWER = "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\","
            + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hey\",\"refusal\":null},"
            + "\"logprobs\":null,\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}";

    static List<String> cases() {
        return Golden.cases("document", ".in");
    }

    static List<String> conformantCases() {
        return cases().stream().filter(name -> name.startsWith("conformant")).toList();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachAnswerComesOutAsItsGoldenFile(String name) throws ApiFailure {
        ChatDocument document = read(name);

        assertThat(document.bytes().toString()).isEqualTo(Golden.text("document", name + ".out"));
        assertThat(summary(document))
                .isEqualTo(Golden.text("document", name + ".end").strip());
    }

    @ParameterizedTest
    @MethodSource("conformantCases")
    void aConformantAnswerKeepsItsBytes(String name) throws ApiFailure {
        Buffer body = Buffer.buffer(Golden.bytes("document", name + ".in"));
        ChatDocument document = ChatDocument.read(Calls.stream(false), body);

        assertThat(document.bytes()).isSameAs(body);
        assertThat(document.deviations()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachAnswerCanBeToldAsAStream(String name) throws ApiFailure {
        assertThat(stream(name, true)).isEqualTo(Golden.text("document", name + ".events"));
    }

    @Test
    void aStreamMadeOfAnAnswerHasNoUsageUnasked() throws ApiFailure {
        assertThat(stream("conformant", false))
                .doesNotContain("usage")
                .endsWith("\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    }

    @Test
    void aStreamMadeOfAnAnswerIsReadBackAsTheSameAnswer() throws ApiFailure {
        for (String name : List.of("conformant", "conformant-pretty", "conformant-tools", "tool-arguments-no-text")) {
            Answer whole = answer(false, read(name).bytes().getBytes());
            assertThat(answer(true, stream(name, true).getBytes(StandardCharsets.UTF_8)))
                    .isEqualTo(whole);
        }
    }

    @Test
    void whatIsSaidIsCounted() throws ApiFailure {
        ChatDocument document = ChatDocument.read(Calls.stream(false), Buffer.buffer(ANSWER + "}"));

        assertThat(document.finish()).isEqualTo("length");
        assertThat(document.usage()).isEqualTo(new TokenCount(5, 0, 1, TokenCount.Source.REPORTED));
        assertThat(document.contentCharacters()).isEqualTo(3);
        assertThat(read("conformant-tools").contentCharacters()).isEqualTo(2 * ("f".length() + "{\"a\":1}".length()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "<html>",
                "{\"choices\":null}",
                "{\"object\":\"list\"}",
                "{\"choices\":[]",
                "{\"choices\":[]}{}",
                "{\"choices\":[1]}",
                "{\"choices\":[],\"error\":{\"message\":\"x\"}}",
                "{\"error\":\"x\"}",
                "data: {\"choices\":[]}\n\n"
            })
    void whatIsNoAnswerIsMalformed(String body) {
        assertThatThrownBy(() -> ChatDocument.read(Calls.stream(false), Buffer.buffer(body)))
                .isInstanceOfSatisfying(
                        ApiFailure.class, e -> assertThat(e.code()).isEqualTo("upstream_malformed_response"));
    }

    private static ChatDocument read(String name) throws ApiFailure {
        return ChatDocument.read(Calls.stream(false), Buffer.buffer(Golden.bytes("document", name + ".in")));
    }

    private static String stream(String name, boolean usage) throws ApiFailure {
        Call call = Calls.stream(usage);
        List<Frame> frames = new ArrayList<>();
        read(name).stream(call, frames::add);
        return frames.stream().map(frame -> frame.bytes().toString()).collect(Collectors.joining());
    }

    private static Answer answer(boolean stream, byte[] bytes) {
        return AnswerReader.read(new dev.understudy.call.AnswerBytes(stream, bytes));
    }

    private static String summary(ChatDocument document) {
        TokenCount usage = document.usage();
        String told = usage.source() == TokenCount.Source.NONE ? "none" : usage.input() + "/" + usage.output();
        String deviations =
                document.deviations().stream().map(Deviation::wire).sorted().collect(Collectors.joining(","));
        return "finish=" + document.finish() + " usage=" + told + " deviations=" + deviations;
    }
}
