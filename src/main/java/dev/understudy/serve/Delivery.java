package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerVoice;
import dev.understudy.model.Frame;
import dev.understudy.openai.ApiFailure;
import dev.understudy.openai.ResponsesWriter;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one exchange: head, frames, signs of life, error, end. Which try may speak is the exchange's
 * matter. Confined to one event loop.
 */
final class Delivery {
    private static final long NO_TIMER = -1;

    /** The exchange, as far as its client's side must ask it. */
    interface Source {
        /** The head has waited long enough; it, or more, leaves before this returns. */
        void headDue();

        /** Who speaks in the form of the answer that is on its way; null when none is, or nobody is needed. */
        @Nullable
        AnswerVoice voice();

        /** The client does not read what it is sent. */
        void clientTooSlow();
    }

    private final House house;
    private final Call call;
    private final Decision decision;
    private final ClientAnswer client;
    private final CallRecord record;
    private final Source source;
    private final Flow flow;
    private long clock = NO_TIMER;
    private boolean over;

    Delivery(House house, Call call, Decision decision, ClientAnswer client, CallRecord record, Source source) {
        this.house = house;
        this.call = call;
        this.decision = decision;
        this.client = client;
        this.record = record;
        this.source = source;
        this.flow = new Flow(house.vertx(), house.pace().stalled(), client, source::clientTooSlow);
    }

    /** A target has taken the question: from here on the head of a stream may wait for ten seconds only. */
    void accepted() {
        if (call.stream() && clock == NO_TIMER) {
            clock = house.vertx().setTimer(house.pace().head().toMillis(), fired -> tick());
        }
    }

    /**
     * Gets the head ready, which leaves with the first bytes.
     *
     * @param by whose answer it is, or is hoped to be
     * @param servedBy the name to tell
     * @param attempts made so far
     */
    void head(Try by, String servedBy, Interaction.Route route, int attempts) {
        client.route(policy(), servedBy, route.wire(), attempts, record.overheadMicros());
        Accepted accepted = by.head();
        if (accepted != null) {
            client.upstreamHeaders(accepted.headers(), accepted.upstreamRequestId());
        }
        if (call.stream()) {
            client.streamHead(accepted == null ? 200 : accepted.status());
        }
    }

    /** Sends the head alone. */
    void flushHead() {
        client.flushHead();
    }

    boolean isHeadOut() {
        return client.isHeadOut();
    }

    /** Sends on what a try has held back. */
    void held(Try from) {
        List<Frame> held = from.takeHeld();
        for (int i = 0; i < held.size(); i++) {
            if (over) {
                return;
            }
            flow.write(from, held.get(i));
        }
    }

    /** Sends a frame on. A small model does not wait for its client. */
    void frame(Try from, Frame frame) {
        if (from.isSmall() && client.isFull()) {
            source.clientTooSlow();
        } else {
            flow.write(from, frame);
        }
    }

    /** Sends a whole answer that is no stream. */
    void document(Try by) {
        List<Frame> held = by.takeHeld();
        Accepted accepted = by.head();
        Buffer body = held.size() == 1 ? held.getFirst().bytes() : joined(held);
        client.document(accepted == null ? 200 : accepted.status(), body);
    }

    private static Buffer joined(List<Frame> frames) {
        Buffer all = Buffer.buffer();
        frames.forEach(frame -> all.appendBuffer(frame.bytes()));
        return all;
    }

    /** Ends a stream as its model did. */
    void end() {
        flow.end();
    }

    /** The decision denies the call. */
    void denied(ClientError error) {
        client.policy(policy());
        client.error(error);
    }

    /** Sends an error before the head. */
    void refused(ClientError error, Interaction.Route route, int attempts) {
        client.route(policy(), "-", route.wire(), attempts, record.overheadMicros());
        client.error(error);
    }

    /** Ends a stream by an error event and without its end mark, so that nobody takes it for whole. */
    void breakOff(ClientError error) {
        flow.breakOff(lastEvents(error));
    }

    private Buffer lastEvents(ClientError error) {
        ApiFailure failure = error.failure();
        AnswerVoice voice = source.voice();
        if (voice != null) {
            return voice.failure(failure.code(), failure.message(), failure.param());
        }
        return switch (call.api()) {
            case CHAT, OTHER -> error.event();
            case RESPONSES ->
                ResponsesWriter.failure(
                        "resp_" + call.id().toString().replace("-", ""),
                        call.receivedAt().getEpochSecond(),
                        call.model(),
                        failure.code(),
                        failure.message(),
                        failure.param());
        };
    }

    /** Whether the client is behind with reading. */
    boolean isPaused() {
        return flow.isPaused();
    }

    /** The status that the client was told; that of one who left before the head when it was told none. */
    int statusOrGone() {
        return client.isHeadOut() ? client.status() : CallRecord.CLIENT_CLOSED;
    }

    /** The status of the head. */
    int status() {
        return client.status();
    }

    /** Nothing is sent any more. */
    void stop() {
        over = true;
        flow.stop();
        if (clock != NO_TIMER) {
            house.vertx().cancelTimer(clock);
            clock = NO_TIMER;
        }
    }

    /** Runs something once the whole answer has left; never when it does not. */
    void onLeft(Runnable then) {
        client.onLeft(then);
    }

    /** Cuts the client off. */
    void reset() {
        client.reset();
    }

    /** Sends a head that must not wait longer, and a sign of life where a stream has been silent. */
    private void tick() {
        clock = NO_TIMER;
        if (over) {
            return;
        }
        long keepAlive = house.pace().keepAlive().toMillis();
        long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - client.lastWriteNanos());
        if (!client.isHeadOut()) {
            source.headDue();
            if (over) {
                return;
            }
            silent = 0;
        } else if (silent >= keepAlive && !flow.isPaused()) {
            AnswerVoice voice = source.voice();
            client.write(voice == null ? ClientAnswer.KEEP_ALIVE : voice.keepAlive());
            silent = 0;
        }
        clock = house.vertx().setTimer(Math.max(1, keepAlive - silent), fired -> tick());
    }

    private String policy() {
        String rule = decision.rule();
        return rule == null ? decision.revision() : decision.revision() + " " + rule;
    }
}
