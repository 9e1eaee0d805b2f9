package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;

/**
 * Sends one scripted answer at its pace, and counts how it ended: answered when all of it was written, aborted when the client left
 * before. Confined to the event loop.
 */
final class ScriptedReply {

    private final Vertx vertx;
    private final HttpServerResponse response;
    private final AnswerText text;
    private final ScriptedPace pace;
    private final UpstreamCounts counts;
    private boolean stream;
    private boolean over;
    private List<String> events = List.of();
    private int next;
    private long timer = -1;

    ScriptedReply(Vertx vertx, HttpServerResponse response, AnswerText text, ScriptedPace pace, UpstreamCounts counts) {
        this.vertx = vertx;
        this.response = response;
        this.text = text;
        this.pace = pace;
        this.counts = counts;
    }

    void begin(JsonNode asked) {
        stream = asked.path("stream").asBoolean();
        counts.began(stream);
        response.closeHandler(closed -> left());
        response.exceptionHandler(failure -> left());
        if (stream) {
            events = text.events(asked.at("/stream_options/include_usage").asBoolean());
            later(pace.latencyMillis(), this::openStream);
        } else {
            later(pace.latencyMillis() + pace.millisFor(text.answer().tokens()), this::sendDocument);
        }
    }

    private void sendDocument() {
        over = true;
        counts.answered(text.answer(), false, text.promptTokens());
        response.putHeader("content-type", "application/json").end(text.document());
    }

    private void openStream() {
        response.setChunked(true)
                .putHeader("content-type", "text/event-stream; charset=utf-8")
                .putHeader("cache-control", "no-cache");
        sendEvents();
    }

    /** Writes one event a step at a pace; without one, all that the reader takes. */
    private void sendEvents() {
        do {
            if (next == events.size() - 1) {
                over = true;
                counts.answered(text.answer(), true, text.promptTokens());
                response.end(events.get(next));
                return;
            }
            response.write(events.get(next++));
        } while (pace.millisFor(1) == 0 && !response.writeQueueFull());
        if (response.writeQueueFull()) {
            response.drainHandler(drained -> {
                response.drainHandler(null);
                later(pace.millisFor(1), this::sendEvents);
            });
        } else {
            later(pace.millisFor(1), this::sendEvents);
        }
    }

    private void later(long millis, Runnable step) {
        if (over) {
            return;
        }
        if (millis <= 0) {
            step.run();
        } else {
            timer = vertx.setTimer(millis, fired -> {
                if (!over) {
                    step.run();
                }
            });
        }
    }

    private void left() {
        if (!over) {
            over = true;
            vertx.cancelTimer(timer);
            counts.aborted(stream);
        }
    }
}
