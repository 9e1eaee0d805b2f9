package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.capture.Recorder;
import dev.understudy.verify.Ladder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
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
        HeldIds held) {
    /**
     * Closes the connection of a request whose body nobody wants. Not at once: a close with bytes unread resets the
     * connection, and a client that is still sending might never see its answer. What comes is thrown away until it is
     * silent for a while, or ten seconds have passed.
     */
    void closeSoon(HttpServerRequest request) {
        new Farewell(vertx, request, bodies.limits().linger()).begin();
    }
}
