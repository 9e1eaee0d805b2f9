package dev.understudy.upstream;

import dev.understudy.call.TokenCount;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Frame;
import dev.understudy.model.ModelFailure;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ChatDocument;
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
        Buffer before = body;
        if (before == null) {
            begin(bytes);
        } else if ((long) before.length() + bytes.length() > DOCUMENT_BYTES) {
            failTooLong();
        } else {
            body = before.appendBuffer(bytes);
        }
    }

    /** Keeps the first piece. Most answers come in one, which is then not copied. */
    private void begin(Buffer bytes) {
        String type = response.getHeader(HttpHeaders.CONTENT_TYPE);
        String length = response.getHeader(HttpHeaders.CONTENT_LENGTH);
        if (!ask.ask().call().stream() && type != null && type.contains("event-stream")) {
            ask.model().countDeviation(Deviation.STREAM_FOR_JSON, 1);
            fail("The upstream sent a stream where a JSON answer was asked for.");
        } else if (length != null && Long.parseLong(length) > DOCUMENT_BYTES) {
            failTooLong();
        } else {
            if (type == null || !type.contains("json")) {
                ask.model().countDeviation(Deviation.CONTENT_TYPE, 1);
            }
            body = bytes;
        }
    }

    @Override
    public void broken() {
        ask.fail(ModelFailure.of(
                ModelFailure.Code.UPSTREAM_UNAVAILABLE, "The upstream closed the connection inside its answer."));
    }

    @Override
    public void end() {
        if (body == null) {
            ask.model().countDeviation(Deviation.MALFORMED, 1);
            fail("The upstream sent an empty answer.");
            return;
        }
        try {
            switch (ask.ask().call().api()) {
                case CHAT, OTHER -> chat(ChatDocument.read(ask.ask().call(), body));
                case RESPONSES -> response(body);
            }
        } catch (ApiFailure failure) {
            ask.model().countDeviation(Deviation.MALFORMED, 1);
            ask.fail(UpstreamAsk.failure(failure, null), true);
        }
    }

    private void chat(ChatDocument document) throws ApiFailure {
        ask.sawContent();
        for (Deviation deviation : document.deviations()) {
            ask.model().countDeviation(deviation, 1);
        }
        if (ask.ask().call().stream()) {
            ask.model().countDeviation(Deviation.JSON_FOR_STREAM, 1);
            document.stream(ask.ask().call(), this::tell);
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

    private void tell(Frame frame) {
        AnswerSink sink = ask.sink();
        if (!ask.isOver()) {
            sink.frame(frame);
        }
    }

    private void failTooLong() {
        ask.model().countDeviation(Deviation.MALFORMED, 1);
        fail("The upstream sent an answer of more than 64 MiB.");
    }

    private void fail(String message) {
        ask.fail(ModelFailure.of(ModelFailure.Code.UPSTREAM_MALFORMED, message));
    }
}
