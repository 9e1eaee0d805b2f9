package dev.understudy.serve;

import dev.understudy.model.Accepted;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.RelaySink;
import dev.understudy.model.Relayed;
import dev.understudy.openai.Splice;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A request and its answer on their way through, byte for byte, with back-pressure both ways. What is looked at, while it
 * passes, are the ids and the usage that an answer shows.
 */
final class Passing implements RelaySink {
    private static final long NO_TIMER = -1;

    private final PassedCall passed;
    private final Answerer answerer;
    private final boolean unread;
    private final ClientAnswer client;
    private @Nullable Relayed relayed;
    private @Nullable Upload upload;
    private @Nullable Buffer body;
    private @Nullable ShownMembers shown;
    private long stall = NO_TIMER;
    private boolean paused;

    /** @param unread whether the body still waits with the client */
    Passing(PassedCall passed, Answerer answerer, boolean unread) {
        this.passed = passed;
        this.answerer = answerer;
        this.unread = unread;
        this.client = passed.client();
    }

    /** Begins; called once. */
    void run() {
        passed.whenOver(this::stop);
        long length;
        if (unread) {
            length = RequestHeaders.of(passed.request()).declaredLength();
        } else {
            byte[] bytes = passed.call().namesModel()
                    ? Splice.forUpstream(passed.call(), answerer.upstreamModel())
                    : passed.call().body();
            length = bytes.length;
            body = Buffer.buffer(bytes);
        }
        String uri = passed.endpoint().uri(passed.ids(), passed.request().params());
        relayed = passed.relay(answerer, uri, length, this);
        if (unread) {
            upload = new Upload(passed, relayed);
        }
    }

    @Override
    public void ready() {
        if (upload != null) {
            upload.goOn();
        } else if (relayed != null && body != null) {
            Buffer bytes = body;
            body = null;
            relayed.write(bytes);
            relayed.end();
        }
    }

    @Override
    public void head(Accepted head) {
        passed.accepted(head);
        if (passed.endpoint().has(Endpoint.Trait.FORGETS)) {
            passed.house().held().forget(passed.caller().team(), passed.ids().getLast());
        }
        client.passedHead(head, passed.request());
        String type = head.headers().get("content-type");
        if (type == null || type.contains("json") || type.contains("event-stream")) {
            shown = ShownMembers.of(passed, answerer.owner());
        }
    }

    @Override
    public void bytes(Buffer bytes) {
        passed.first();
        if (shown != null) {
            // Before the bytes leave: whoever sees an id may use it at once.
            shown.look(bytes);
        }
        client.write(bytes);
        if (!paused && client.isFull()) {
            pause();
        }
    }

    @Override
    public void ended() {
        client.end(null);
        passed.completed();
    }

    @Override
    public void failed(ModelFailure failure) {
        passed.fail(failure, answerer);
    }

    private void pause() {
        paused = true;
        if (relayed != null) {
            relayed.pause();
        }
        stall = passed.house().vertx().setTimer(passed.house().pace().stalled().toMillis(), fired -> {
            stall = NO_TIMER;
            passed.tooSlow();
        });
        client.onDrained(() -> {
            paused = false;
            cancelStall();
            if (relayed != null && !passed.isOver()) {
                relayed.resume();
            }
        });
    }

    private void stop() {
        cancelStall();
        if (upload != null) {
            upload.stop();
        }
    }

    private void cancelStall() {
        if (stall != NO_TIMER) {
            passed.house().vertx().cancelTimer(stall);
            stall = NO_TIMER;
        }
    }
}
