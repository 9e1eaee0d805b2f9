package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.understudy.call.TokenCount;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatDocumentTest {
    private static final String ANSWER = "{\"id\":\"1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
            + "\"content\":\"hey\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}";

    @Test
    void anAnswerKeepsItsBytes() throws ApiFailure {
        Buffer body = Buffer.buffer(ANSWER + " }\n");
        ChatDocument document = ChatDocument.read(body);

        assertThat(document.bytes()).isSameAs(body);
        assertThat(document.finish()).isEqualTo("length");
        assertThat(document.usage()).isEqualTo(new TokenCount(5, 0, 1, TokenCount.Source.REPORTED));
        assertThat(document.contentCharacters()).isEqualTo("assistant".length() + 3);
    }

    @Test
    void aNullErrorIsTakenOut() throws ApiFailure {
        assertThat(ChatDocument.read(Buffer.buffer(ANSWER + ", \"error\" : null}"))
                        .bytes()
                        .toString())
                .isEqualTo(ANSWER + "}");
        assertThat(ChatDocument.read(Buffer.buffer("{\"error\":null,\"choices\":[]}"))
                        .bytes()
                        .toString())
                .isEqualTo("{\"choices\":[]}");
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
                "{\"choices\":[],\"error\":{\"message\":\"x\"}}",
                "{\"error\":\"x\"}",
                "data: {\"choices\":[]}\n\n"
            })
    void whatIsNoAnswerIsMalformed(String body) {
        assertThatThrownBy(() -> ChatDocument.read(Buffer.buffer(body)))
                .isInstanceOfSatisfying(
                        ApiFailure.class, e -> assertThat(e.code()).isEqualTo("upstream_malformed_response"));
    }
}
