package dev.understudy.serve;

import dev.understudy.capture.Recorder;
import dev.understudy.verify.Ladder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import java.time.InstantSource;

/** What every exchange needs of the house; shared by all event loops. */
record House(
        Vertx vertx,
        Judgement judgement,
        Ladder ladder,
        Recorder recorder,
        CallMeters meters,
        InstantSource clock,
        Pace pace) {
    private static final long LINGER_MILLIS = 1_000;

    /**
     * Closes the connection of a request whose body nobody will read. Not at once: a close with bytes unread resets the
     * connection, and the client might never see its answer.
     */
    void closeSoon(HttpServerRequest request) {
        vertx.setTimer(LINGER_MILLIS, fired -> {
            if (!request.isEnded()) {
                request.connection().close();
            }
        });
    }
}
