package dev.understudy.upstream;

import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Frame;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Reply;
import dev.understudy.openai.Answer;
import dev.understudy.openai.AnswerReader;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ChatDocument;
import dev.understudy.openai.ChatWriter;
import dev.understudy.openai.Deviation;
import dev.understudy.openai.ResponseDocument;
import dev.understudy.openai.ResponseReplay;
import dev.understudy.openai.ResponsesEvents;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** Gathers a JSON answer and checks it before a byte of it goes on. To a caller who wanted a stream it becomes one. */
final class DocumentReading implements Reading {
    private static final int DOCUMENT_BYTES = 64 << 20;

    private final UpstreamAsk ask;
    private final HttpClientResponse response;
    private @Nullable Buffer body;

    DocumentReading(UpstreamAsk ask, HttpClientResponse response) {
        this.ask = ask;
        this.response = response;
    }

    @Override
    public void chunk(Buffer bytes) {
        // Most answers come in one piece, which is then not copied.
        Buffer before = body;
        if (before == null) {
            body = bytes;
        } else if ((long) before.length() + bytes.length() > DOCUMENT_BYTES) {
            fail("The upstream sent an answer of more than 64 MiB.");
        } else {
            body = before.appendBuffer(bytes);
        }
    }

    @Override
    public void broken() {
        ask.fail(ModelFailure.of(
                ModelFailure.Code.UPSTREAM_UNAVAILABLE, "The upstream closed the connection inside its answer."));
    }

    @Override
    public void end() {
        String type = response.getHeader(HttpHeaders.CONTENT_TYPE);
        if (body == null) {
            fail("The upstream sent an empty answer.");
            return;
        }
        if (type != null && type.contains("event-stream")) {
            fail("The upstream sent a stream where a JSON answer was asked for.");
            return;
        }
        try {
            switch (ask.ask().call().api()) {
                case CHAT, OTHER -> chat(ChatDocument.read(body));
                case RESPONSES -> response(body);
            }
        } catch (ApiFailure failure) {
            ask.fail(UpstreamAsk.failure(failure, null), true);
        }
    }

    private void chat(ChatDocument document) {
        ask.sawContent();
        if (ask.ask().call().stream()) {
            stream(document);
        } else {
            ask.sink().frame(new Frame(document.bytes(), Frame.Kind.DOCUMENT));
        }
        if (!ask.isOver()) {
            ask.finish(document.finish(), tokens(document), true);
        }
    }

    private void response(Buffer whole) throws ApiFailure {
        ResponseDocument document = ResponseDocument.read(whole, ask.sink());
        ask.sawContent();
        if (ask.ask().call().stream()) {
            ask.model().countDeviation(Deviation.JSON_FOR_STREAM, 1);
            ResponsesEvents events = new ResponsesEvents(ask.ask().call(), this::tell, ask.sink());
            ask.sink().voice(events);
            events.feed(ResponseReplay.events(whole));
        } else {
            ask.sink().frame(new Frame(whole, Frame.Kind.DOCUMENT));
        }
        if (!ask.isOver()) {
            TokenCount told = document.usage();
            boolean untold = told.source() == TokenCount.Source.NONE;
            ask.finish(document.finish(), untold ? UpstreamAsk.estimated(document.characters()) : told, true);
        }
    }

    private static TokenCount tokens(ChatDocument document) {
        return document.usage().source() == TokenCount.Source.NONE
                ? UpstreamAsk.estimated(document.contentCharacters())
                : document.usage();
    }

    private void stream(ChatDocument document) {
        ask.model().countDeviation(Deviation.JSON_FOR_STREAM, 1);
        Call call = ask.ask().call();
        Answer answer =
                AnswerReader.read(new AnswerBytes(false, document.bytes().getBytes()));
        String id = "chatcmpl-" + call.id().toString().replace("-", "");
        ChatWriter writer =
                new ChatWriter(id, call.receivedAt().getEpochSecond(), call.model(), "", call.includeUsage());
        tell(writer.role());
        String text = answer.content() == null ? answer.refusal() : answer.content();
        if (text != null) {
            tell(writer.content(text));
        }
        for (int i = 0; i < answer.toolCalls().size(); i++) {
            Reply.ToolCall made = answer.toolCalls().get(i);
            tell(writer.toolCall(i, made.id(), made.name()));
            tell(writer.arguments(i, made.arguments()));
        }
        tell(writer.finish(answer.finish() == null ? "stop" : answer.finish()));
        if (call.includeUsage() && document.usage().source() == TokenCount.Source.REPORTED) {
            tell(writer.usage(document.usage()));
        }
        tell(ChatWriter.done());
    }

    private void tell(Frame frame) {
        AnswerSink sink = ask.sink();
        if (!ask.isOver()) {
            sink.frame(frame);
        }
    }

    private void fail(String message) {
        ask.fail(ModelFailure.of(ModelFailure.Code.UPSTREAM_MALFORMED, message));
    }
}
