package dev.understudy.serve;

import dev.understudy.call.Call;
import dev.understudy.call.Decision;
import dev.understudy.call.Sensitivity;
import dev.understudy.capture.Recorder;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Readiness;
import dev.understudy.telemetry.Meters;
import dev.understudy.verify.Ladder;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The mirrors of all calls: so many of a rule run at a time, a few wait, and what finds no place is dropped and counted.
 * Nothing waits for them. Safe to use from every event loop; each mirror runs on the loop of its call.
 */
final class Mirrors {
    /** For each place that a rule has, so many mirrors may wait. */
    private static final int WAITING = 4;
    /** Calls that wait keep their bodies in memory, all together no more than this. */
    private static final long MOST_BYTES = 16L << 20;

    private final Vertx vertx;
    private final Ladder ladder;
    private final Recorder recorder;
    private final MeterRegistry meters;
    private final Map<String, Lane> lanes = new HashMap<>();
    private long waitingBytes;
    private boolean closed;

    /** The mirrors of one rule. */
    private static final class Lane {
        private final List<Mirror> running = new ArrayList<>();
        private final Deque<Mirror> waiting = new ArrayDeque<>();
    }

    Mirrors(Vertx vertx, Ladder ladder, Recorder recorder, MeterRegistry meters) {
        this.vertx = vertx;
        this.ladder = ladder;
        this.recorder = recorder;
        this.meters = meters;
    }

    Vertx vertx() {
        return vertx;
    }

    Ladder ladder() {
        return ladder;
    }

    Recorder recorder() {
        return recorder;
    }

    /**
     * Takes a call whose answer has left, on its loop. The models of the ruling have been held once more for this; they
     * are let go when the mirror is over, or dropped.
     *
     * @param attempts of the call, whose numbers are taken
     */
    void offer(Context loop, Call call, String team, Ruling ruling, int attempts) {
        Decision.Mirror wanted = ruling.decision().mirror();
        Model model = wanted == null ? null : ruling.models().model(wanted.model());
        if (wanted == null || model == null || !mayAsk(model, ruling)) {
            ruling.models().release();
            count("dropped");
            return;
        }
        Mirror mirror = new Mirror(this, loop, call, team, ruling, model, attempts + 1);
        switch (place(mirror, wanted.maxInflight())) {
            case RUNNING -> mirror.begin();
            case WAITING -> {}
            case NONE -> {
                mirror.drop();
                count("dropped");
            }
        }
    }

    /** Never on a caller's own key, never outside what must stay here, and no trial of a model that is not well. */
    private static boolean mayAsk(Model model, Ruling ruling) {
        ModelCard card = model.card();
        boolean stays = ruling.signals().sensitivity() != Sensitivity.RESTRICTED || card.staysInside();
        return stays && Targets.forwardTo(card) == null && model.readiness().state() == Readiness.State.READY;
    }

    private enum Place {
        RUNNING,
        WAITING,
        NONE
    }

    private synchronized Place place(Mirror mirror, int places) {
        if (closed) {
            return Place.NONE;
        }
        Lane lane = lanes.computeIfAbsent(mirror.rule(), rule -> new Lane());
        if (lane.running.size() < places) {
            lane.running.add(mirror);
            return Place.RUNNING;
        }
        if (lane.waiting.size() >= WAITING * places || waitingBytes + mirror.bytes() > MOST_BYTES) {
            return Place.NONE;
        }
        lane.waiting.add(mirror);
        waitingBytes += mirror.bytes();
        return Place.WAITING;
    }

    /** A mirror was recorded; the next of its rule may begin. */
    void over(Mirror mirror, boolean good) {
        count(good ? "done" : "failed");
        Mirror next = leave(mirror);
        if (next != null) {
            next.loop().runOnContext(run -> next.begin());
        }
    }

    private synchronized @Nullable Mirror leave(Mirror mirror) {
        Lane lane = lanes.get(mirror.rule());
        if (lane == null) {
            return null;
        }
        lane.running.remove(mirror);
        Mirror next = lane.waiting.poll();
        if (next != null) {
            waitingBytes -= next.bytes();
            lane.running.add(next);
        } else if (lane.running.isEmpty()) {
            lanes.remove(mirror.rule());
        }
        return next;
    }

    /** Ends them all; none begins any more. */
    void close() {
        List<Mirror> running = new ArrayList<>();
        List<Mirror> waiting = new ArrayList<>();
        synchronized (this) {
            closed = true;
            for (Lane lane : lanes.values()) {
                running.addAll(lane.running);
                waiting.addAll(lane.waiting);
                lane.waiting.clear();
            }
            waitingBytes = 0;
        }
        for (Mirror mirror : waiting) {
            mirror.drop();
            count("dropped");
        }
        for (Mirror mirror : running) {
            mirror.loop().runOnContext(run -> mirror.giveUp("stopped"));
        }
    }

    private void count(String outcome) {
        meters.counter(Meters.MIRRORS, Meters.OUTCOME, outcome).increment();
    }
}
