package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.capture.Recorder;
import dev.understudy.verify.Ladder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What every exchange needs of the house; shared by all event loops. */
record House(
        Vertx vertx,
        Judgement judgement,
        Ladder ladder,
        Recorder recorder,
        CallMeters meters,
        InstantSource clock,
        Pace pace,
        BodyRoom bodies,
        RandomGenerator random,
        HeldIds held,
        SessionLedger sessions,
        Mirrors mirrors) {
    /** What HTTP/2 sends to one who need not send the rest (RFC 9113, section 8.1). */
    private static final long NO_ERROR = 0;

    /**
     * Closes the connection of a request whose body nobody wants. Not at once: a close with bytes unread resets the
     * connection, and a client that is still sending might never see its answer. What comes is thrown away until it is
     * silent for a while, or ten seconds have passed. Of HTTP/2 only the stream is closed.
     */
    void closeSoon(HttpServerRequest request) {
        if (isShared(request)) {
            resetSoon(request);
        } else {
            new Farewell(vertx, request, bodies.limits().linger()).begin();
        }
    }

    /** Says in the head of an answer that no other follows on its connection. */
    static void announceClose(HttpServerRequest request) {
        if (!isShared(request)) {
            request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
    }

    /** Closes the connection of a request once its answer has left; what else is under way on it may end first. */
    void closeAfter(HttpServerRequest request) {
        if (isShared(request)) {
            request.connection().shutdown();
        } else {
            announceClose(request);
            request.response().endHandler(ended -> request.connection().close());
        }
    }

    private void resetSoon(HttpServerRequest request) {
        request.handler(chunk -> {});
        request.resume();
        vertx.setTimer(bodies.limits().linger().toMillis(), fired -> {
            if (!request.isEnded()) {
                request.response().reset(NO_ERROR);
            }
        });
    }

    /** Whether other requests share the connection, which one of them must not close. */
    private static boolean isShared(HttpServerRequest request) {
        return request.version() == HttpVersion.HTTP_2;
    }
}
