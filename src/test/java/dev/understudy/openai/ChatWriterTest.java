package dev.understudy.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import dev.understudy.model.Reply;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChatWriterTest {
    private static final TokenCount TOKENS = new TokenCount(7, 3, 2, TokenCount.Source.REPORTED);
    private final ChatWriter writer = new ChatWriter("chatcmpl-1", 5, "star\"ter", "fp_1", true);

    @Test
    void aStreamIsConformantAndIsReadBack() throws ApiFailure {
        List<Frame> frames = List.of(
                writer.role(),
                writer.content("a\nb \uD83D\uDE00 \uD800"),
                writer.finish("stop"),
                writer.usage(TOKENS),
                ChatWriter.done());
        Buffer stream = Buffer.buffer();
        frames.forEach(frame -> stream.appendBuffer(frame.bytes()));
        List<Frame> passed = new ArrayList<>();
        ChatEvents events = new ChatEvents(Calls.stream(true), passed::add);
        events.feed(stream);

        assertThat(events.deviations()).isEmpty();
        assertThat(passed).isEqualTo(frames);
        Answer answer = AnswerReader.read(new AnswerBytes(true, stream.getBytes()));
        assertThat(answer).isEqualTo(new Answer("a\nb \uD83D\uDE00 \uFFFD", null, List.of(), "stop", TOKENS));
    }

    @Test
    void callsAreOpenedThenFilled() {
        Buffer stream = Buffer.buffer()
                .appendBuffer(writer.role().bytes())
                .appendBuffer(writer.toolCall(0, "call_1", "f").bytes())
                .appendBuffer(writer.arguments(0, "{\"a\":").bytes())
                .appendBuffer(writer.arguments(0, "\"x\"}").bytes())
                .appendBuffer(writer.toolCall(1, "call_2", "g").bytes())
                .appendBuffer(writer.arguments(1, "{}").bytes())
                .appendBuffer(writer.finish("tool_calls").bytes());

        assertThat(AnswerReader.read(new AnswerBytes(true, stream.getBytes())))
                .isEqualTo(new Answer(
                        null,
                        null,
                        List.of(
                                new Reply.ToolCall("call_1", "f", "{\"a\":\"x\"}"),
                                new Reply.ToolCall("call_2", "g", "{}")),
                        "tool_calls",
                        TokenCount.NONE));
    }

    @Test
    void aDocumentHasAllThatStrictClientsNeed() {
        Reply reply = new Reply(null, List.of(new Reply.ToolCall("c", "f", "{\"q\":\"\\\"\"}")), "tool_calls", null);
        Frame frame = writer.document(reply, TOKENS);

        assertThat(frame.kind()).isEqualTo(Frame.Kind.DOCUMENT);
        assertThat(frame.bytes().toString())
                .isEqualTo(
                        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":5,\"model\":\"star\\\"ter\","
                                + "\"system_fingerprint\":\"fp_1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                                + "\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"q\\\":\\\"\\\\\\\"\\\"}\"}}]},\"logprobs\":null,"
                                + "\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,"
                                + "\"total_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":3}}}");
        assertThat(AnswerReader.read(new AnswerBytes(false, frame.bytes().getBytes())))
                .isEqualTo(new Answer(null, null, reply.calls(), "tool_calls", TOKENS));
    }

    @Test
    void withoutTheWishForUsageNoFrameNamesIt() {
        ChatWriter silent = new ChatWriter("1", 5, "m", "f", false);

        assertThat(silent.role().bytes().toString() + silent.finish("stop").bytes())
                .doesNotContain("usage");
    }

    @Test
    void anAnswerThatBrokeOffIsReadAsFarAsItCame() {
        Buffer stream = Buffer.buffer()
                .appendBuffer(writer.content("half").bytes())
                .appendString("data: {\"choices\":[{\"delta\":{\"content\":\" an");

        assertThat(AnswerReader.read(new AnswerBytes(true, stream.getBytes())).content())
                .isEqualTo("half");
        assertThat(AnswerReader.read(new AnswerBytes(true, stream.getBytes())).finish())
                .isNull();
    }
}
