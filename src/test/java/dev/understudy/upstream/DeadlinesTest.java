package dev.understudy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.upstream.Deadlines.Deadline;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());
    private Vertx vertx;
    private Context loop;
    private Deadlines deadlines;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        loop = vertx.getOrCreateContext();
        deadlines = new Deadlines(vertx);
    }

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void tellsEachOnceAndNeverTooEarly() {
        Deadline near = named("near");
        Deadline far = named("far");
        loop.runOnContext(run -> {
            deadlines.set(far, in(300));
            deadlines.set(near, in(30));
        });
        await().until(() -> told.size() == 2);
        await().during(60, TimeUnit.MILLISECONDS)
                .atMost(5, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(told).containsExactly("near", "far"));
    }

    @Test
    void leavesOutWhoeverWasClearedAlsoByOneThatWasToldBefore() {
        Deadline cleared = named("cleared");
        Deadline other = named("other");
        Deadline last = named("last");
        Deadline clearing = new Deadline(() -> {
            told.add("clearing");
            deadlines.clear(other);
        });
        loop.runOnContext(run -> {
            deadlines.set(cleared, in(10));
            deadlines.set(other, in(10));
            deadlines.set(clearing, in(10));
            deadlines.set(last, in(200));
            deadlines.clear(cleared);
            deadlines.clear(cleared);
        });
        await().until(() -> told.contains("last"));
        assertThat(told).containsExactly("clearing", "last");
    }

    @Test
    void oneThatIsToldMaySetItselfAgain() {
        Deadline[] again = new Deadline[1];
        again[0] = new Deadline(() -> {
            told.add("again");
            if (told.size() < 3) {
                deadlines.set(again[0], in(5));
            }
        });
        loop.runOnContext(run -> deadlines.set(again[0], in(5)));
        await().until(() -> told.size() == 3);
    }

    @Test
    void movingOneDoesNotTellItTwice() {
        Deadline moved = named("moved");
        loop.runOnContext(run -> {
            deadlines.set(moved, in(10));
            deadlines.set(moved, in(150));
            deadlines.set(named("between"), in(80));
        });
        await().until(() -> told.size() == 2);
        assertThat(told).containsExactly("between", "moved");
    }

    private Deadline named(String name) {
        return new Deadline(() -> told.add(name));
    }

    private static long in(long millis) {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
