package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Interaction;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that leave at any moment, in any way: nothing goes on for them, and nothing new begins. */
class AbandonedCallsTest {
    private static final Logger LOG = Logger.getLogger(AbandonedCallsTest.class);
    private static final int CALLS = 100;
    /** The promise is 100 ms; a machine that is busy with other tests wakes nobody in that time. */
    private static final Duration GENEROUS = Duration.ofSeconds(5);

    private final Vertx vertx = Vertx.vertx();
    private final Random random = new Random(20_260);
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, this::answer);
        // few places, so that some leave while they wait for one
        ModelCard.Limits limits = new ModelCard.Limits(
                16,
                DoorFixture.SECOND,
                Duration.ofSeconds(5),
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                Duration.ofSeconds(20),
                Duration.ofSeconds(20));
        fixture = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), new ModelCard.Credential.None(), limits)
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aHundredClientsThatLeaveAtRandomMomentsEndTheirUpstreamCalls() throws IOException {
        warmUp();
        AtomicReferenceArray<Long> left = new AtomicReferenceArray<>(CALLS);
        List<WireClient> clients = new ArrayList<>();
        try (ScheduledExecutorService leaving = Executors.newScheduledThreadPool(2)) {
            for (int i = 0; i < CALLS; i++) {
                WireClient client = new WireClient(fixture.port());
                clients.add(client);
                String body = (i % 2 == 0 ? DoorFixture.STREAM : DoorFixture.CALL).replace("hi", "call " + i + "!");
                client.post(body);
                int n = i;
                var _ = leaving.schedule(
                        () -> {
                            left.set(n, System.nanoTime());
                            leave(client, n % 3);
                            return null;
                        },
                        random.nextInt(120_000),
                        TimeUnit.MICROSECONDS);
                if (i % 25 == 24) {
                    // in four waves, so that queues form and empty
                    await().until(() -> fixture.recorded.size() == n + 1);
                }
            }
        }
        await().atMost(Duration.ofSeconds(10))
                .until(() -> fixture.recorded.size() == CALLS
                        && peer.talks().stream().allMatch(ScriptedPeer.Talk::isClosed));
        int asked = peer.talks().size();
        List<Long> late = peer.talks().stream()
                .map(talk -> talk.closedNanos() - left.get(numberOf(talk)))
                .sorted()
                .toList();
        LOG.infof(
                "calls abandoned count=%d asked=%d median=%.1f ms slowest=%.1f ms",
                CALLS, asked, late.get(asked / 2) / 1e6, late.getLast() / 1e6);
        assertThat(late.getLast()).isLessThan(GENEROUS.toNanos());
        assertThat(asked).isBetween(20, CALLS + 20);
        assertThat(fixture.recorded).extracting(Interaction::outcome).containsOnly(Interaction.Outcome.CLIENT_GONE);
        assertThat(fixture.door.inFlight()).isZero();
        await().during(Duration.ofMillis(600)).until(() -> peer.talks().size() == asked);
        peer.script(talk -> talk.json(200, Chunks.document("well", 1, 1)));
        for (WireClient client : clients) {
            client.close();
        }
        try (WireClient next = new WireClient(fixture.port())) {
            assertThat(next.post(DoorFixture.CALL).answer().status()).isEqualTo(200);
        }
    }

    /** Otherwise the figure is that of a JVM that loads its classes. */
    private void warmUp() throws IOException {
        peer.script(talk -> {
            if (talk.text().contains("\"stream\":true")) {
                talk.stream().content("well").finish();
            } else {
                talk.json(200, Chunks.document("well", 1, 1));
            }
        });
        for (int i = 0; i < 2 * CALLS; i++) {
            try (WireClient client = new WireClient(fixture.port())) {
                client.post(i % 2 == 0 ? DoorFixture.STREAM : DoorFixture.CALL).answer();
            }
        }
        await().until(() -> fixture.recorded.size() == 2 * CALLS);
        fixture.recorded.clear();
        peer.talks().clear();
        peer.script(this::answer);
    }

    /** Silence, half a stream, a stream that goes on, or a refusal that is asked again: none comes to an end. */
    private void answer(ScriptedPeer.Talk talk) {
        switch (numberOf(talk) % 4) {
            case 0 -> talk.later(15, one -> one.stream().event(Chunks.role()));
            case 1 -> {}
            case 2 -> {
                talk.stream().content("on");
                goOn(talk);
            }
            default ->
                talk.later(10, one -> one.json(503, "{}", "connection: close").close());
        }
    }

    private static void goOn(ScriptedPeer.Talk talk) {
        talk.later(3, one -> {
            one.content(" and on");
            goOn(one);
        });
    }

    private static int numberOf(ScriptedPeer.Talk talk) {
        String text = talk.text();
        int at = text.indexOf("call ") + 5;
        return Integer.parseInt(text.substring(at, text.indexOf('!', at)));
    }

    private static void leave(WireClient client, int how) throws IOException {
        switch (how) {
            case 0 -> client.close();
            case 1 -> client.reset();
            default -> client.halfClose();
        }
    }
}
