package dev.understudy.upstream;

import dev.understudy.call.Call;
import dev.understudy.call.TokenCount;
import dev.understudy.model.Frame;
import dev.understudy.openai.AnswerEvents;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ChatEvents;
import dev.understudy.openai.Deviation;
import dev.understudy.openai.ResponsesEvents;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;

/**
 * Reads a stream: frames go on as they come. Ends at the end mark, though the connection is kept for the little that
 * follows it, so that it can be used again.
 */
final class StreamReading implements Reading {
    /** How long an upstream may be silent after the finish reasons, and after the end mark. */
    private static final long TAIL_MILLIS = 1_000;
    /** How long it may be silent after that: usage and the end mark may still come, the client has all else. */
    private static final long LAST_MILLIS = 2_000;

    private final UpstreamAsk ask;
    private final HttpClientRequest request;
    private final AnswerEvents events;
    private long tail = -1;
    private boolean surplus;

    StreamReading(UpstreamAsk ask, HttpClientRequest request) {
        this.ask = ask;
        this.request = request;
        this.events = eventsOf(ask.ask().call());
    }

    private AnswerEvents eventsOf(Call call) {
        return switch (call.api()) {
            case CHAT, OTHER -> new ChatEvents(call, this::pass);
            case RESPONSES -> {
                ResponsesEvents responses = new ResponsesEvents(call, this::pass, ask.sink());
                ask.sink().voice(responses);
                yield responses;
            }
        };
    }

    @Override
    public void chunk(Buffer bytes) {
        try {
            events.feed(bytes);
        } catch (ApiFailure failure) {
            fail(failure);
            return;
        }
        if (events.isOver()) {
            finish(false);
        } else if (events.finish() != null && events.isFinished() && !ask.isOver()) {
            stopTail();
            tail = ask.model().vertx().setTimer(TAIL_MILLIS, fired -> settle());
        } else {
            stopTail();
        }
    }

    @Override
    public void end() {
        try {
            events.end();
        } catch (ApiFailure failure) {
            fail(failure);
            return;
        }
        finish(true);
    }

    @Override
    public void broken() {
        // An answer whose choices have all finished is whole, however its connection ended.
        end();
    }

    private void pass(Frame frame) {
        if (ask.isOver()) {
            return;
        }
        if (frame.kind() != Frame.Kind.LEADING) {
            ask.sawContent();
        }
        ask.sink().frame(frame);
    }

    private void settle() {
        tail = -1;
        if (ask.isOver() || !events.isFinished()) {
            return;
        }
        if (ask.isPaused()) {
            // not silent: what it sent last is not read while the client is behind
            tail = ask.model().vertx().setTimer(TAIL_MILLIS, fired -> settle());
            return;
        }
        try {
            events.settle();
        } catch (ApiFailure failure) {
            fail(failure);
            return;
        }
        if (events.isOver()) {
            finish(false);
        } else {
            tail = ask.model().vertx().setTimer(LAST_MILLIS, fired -> settle());
        }
    }

    private void finish(boolean bodyEnded) {
        if (ask.isOver()) {
            return;
        }
        stopTail();
        countDeviations();
        surplus = events.hasSurplus();
        if (!bodyEnded && !surplus) {
            // The request is over for us; its connection is given back when the body's end comes, or closed.
            tail = ask.model().vertx().setTimer(TAIL_MILLIS, fired -> request.reset());
        }
        ask.finish(events.finish(), tokens(), true);
        if (surplus) {
            // Not before: a reset is told to this reading, which would take it for the answer's end.
            request.reset();
        }
    }

    @Override
    public void late(boolean bodyEnded) {
        stopTail();
        if (!bodyEnded && !surplus) {
            surplus = true;
            ask.model().countDeviation(Deviation.AFTER_DONE, 1);
            request.reset();
        }
    }

    private void countDeviations() {
        if (!events.deviations().isEmpty()) {
            events.deviations().forEach(ask.model()::countDeviation);
        }
    }

    private TokenCount tokens() {
        if (events.usage().source() != TokenCount.Source.NONE) {
            return events.usage();
        }
        return UpstreamAsk.estimated(events.contentCharacters());
    }

    private void fail(ApiFailure failure) {
        if (!ask.isOver()) {
            countDeviations();
        }
        stopTail();
        ask.fail(UpstreamAsk.failure(failure, events.upstreamError()), false);
    }

    private void stopTail() {
        if (tail >= 0) {
            ask.model().vertx().cancelTimer(tail);
            tail = -1;
        }
    }
}
