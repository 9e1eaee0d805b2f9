package dev.understudy.serve;

import dev.understudy.capture.Recorder;
import dev.understudy.verify.Ladder;
import io.vertx.core.Vertx;
import java.time.InstantSource;

/** What every exchange needs of the house; shared by all event loops. */
record House(
        Vertx vertx, Judgement judgement, Ladder ladder, Recorder recorder, CallMeters meters, InstantSource clock) {}
