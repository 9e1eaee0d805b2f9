package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each limit of a model's card, one small and all others long, so that the small one is what ends the call. */
class TimeLimitsTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SMALL = Duration.ofMillis(300);
    /** The client repeats by itself, so that the door does not. */
    private static final String ONCE = "x-stainless-retry-count: 1";

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
    }

    @AfterEach
    void close() {
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void theConnection() throws IOException {
        // Its queue of connections is full, so the system neither takes nor refuses another one.
        List<Socket> full = new ArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress there = new InetSocketAddress(deaf.getInetAddress(), deaf.getLocalPort());
            for (int i = 0; i < 3; i++) {
                Socket one = new Socket();
                full.add(one);
                try {
                    one.connect(there, 200);
                } catch (java.net.SocketTimeoutException e) {
                    break;
                }
            }
            String url = "http://127.0.0.1:" + deaf.getLocalPort() + "/v1";
            try (DoorFixture fixture = fixture(url, limits(SMALL, LONG, LONG, LONG, LONG, LONG))) {
                WireClient.Answer answer = call(fixture, DoorFixture.CALL);
                assertThat(answer.status()).isEqualTo(502);
                assertThat(answer.body())
                        .contains("could not be connected to in time")
                        .contains("\"code\":\"upstream_unavailable\"");
                assertThat(millis(fixture)).isBetween(300L, 5_000L);
            }
        } finally {
            for (Socket one : full) {
                one.close();
            }
        }
    }

    @Test
    void aConnectionThatDoesNotSpeakTls() throws IOException {
        ScriptedPeer silent = peer;
        String url = silent.baseUrl().replace("http:", "https:");
        try (DoorFixture fixture = fixture(url, limits(SMALL, LONG, LONG, LONG, LONG, LONG))) {
            WireClient.Answer answer = call(fixture, DoorFixture.CALL);
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("\"code\":\"upstream_unavailable\"");
            assertThat(millis(fixture)).isBetween(300L, 5_000L);
        }
    }

    @Test
    void theHeadOfAStream() throws IOException {
        ends(DoorFixture.STREAM, limits(LONG, SMALL, LONG, LONG, LONG, LONG), 504);
    }

    @Test
    void theFirstContentOfAStream() throws IOException {
        peer.script(talk -> talk.stream().event(Chunks.role()));
        ends(DoorFixture.STREAM, limits(LONG, LONG, SMALL, LONG, LONG, LONG), 504);
    }

    @Test
    void thePauseInsideAStream() throws IOException {
        peer.script(talk -> talk.stream().content("a").later(150, one -> one.content("b")));
        try (DoorFixture fixture = fixture(peer.baseUrl(), limits(LONG, LONG, LONG, SMALL, LONG, LONG))) {
            assertThat(call(fixture, DoorFixture.STREAM).body())
                    .contains(Chunks.content("b"))
                    .endsWith("\"code\":\"upstream_timeout\"}}\n\n");
            // the pause counts from the last byte
            assertThat(millis(fixture)).isBetween(450L, 5_000L);
        }
        await().until(() -> peer.open() == 0);
    }

    @Test
    void theWholeOfAStream() throws IOException {
        peer.script(TimeLimitsTest::onAndOn);
        try (DoorFixture fixture = fixture(peer.baseUrl(), limits(LONG, LONG, LONG, LONG, LONG, SMALL))) {
            assertThat(call(fixture, DoorFixture.STREAM).body()).endsWith("\"code\":\"upstream_timeout\"}}\n\n");
            assertThat(millis(fixture)).isBetween(300L, 5_000L);
        }
        await().until(() -> peer.open() == 0);
    }

    @Test
    void theWholeOfAJsonAnswer() throws IOException {
        ends(DoorFixture.CALL, limits(LONG, LONG, LONG, LONG, SMALL, LONG), 504);
    }

    @Test
    void aJsonAnswerKnowsItsTotalOnly() throws IOException {
        peer.script(talk -> talk.later(600, one -> one.json(200, Chunks.document("well", 1, 1))));
        try (DoorFixture fixture = fixture(peer.baseUrl(), limits(LONG, SMALL, SMALL, SMALL, LONG, SMALL))) {
            assertThat(call(fixture, DoorFixture.CALL).status()).isEqualTo(200);
        }
    }

    @Test
    void aClientMayLowerTheTotalOfAJsonAnswerAndTheHeadOfAStream() throws IOException {
        for (String header : List.of("x-stainless-timeout: 0.3", "x-stainless-read-timeout: 0.3")) {
            for (String body : List.of(DoorFixture.CALL, DoorFixture.STREAM)) {
                ends(body, limits(LONG, LONG, LONG, LONG, LONG, LONG), 504, header);
            }
        }
    }

    @Test
    void aClientCannotRaiseThem() throws IOException {
        ends(DoorFixture.CALL, limits(LONG, LONG, LONG, LONG, SMALL, LONG), 504, "x-stainless-timeout: 600");
    }

    @Test
    void aClientsTimeDoesNotEndAStreamThatHasBegun() throws IOException {
        peer.script(talk -> talk.stream().content("a").later(600, ScriptedPeer.Talk::finish));
        try (DoorFixture fixture = fixture(peer.baseUrl(), limits(LONG, LONG, LONG, LONG, LONG, LONG))) {
            assertThat(call(fixture, DoorFixture.STREAM, "x-stainless-read-timeout: 0.3")
                            .body())
                    .endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void whoFindsNoPlaceWaitsAsLongAsForAConnectionAndWhoFindsNoneToWaitIsRefusedAtOnce() throws IOException {
        ModelCard.Limits one = new ModelCard.Limits(1, LONG, Duration.ofMillis(800), LONG, LONG, LONG, LONG, LONG);
        try (DoorFixture fixture = fixture(peer.baseUrl(), one);
                WireClient first = new WireClient(fixture.port()).post(DoorFixture.CALL, ONCE)) {
            await().until(() -> peer.talks().size() == 1);
            try (WireClient second = new WireClient(fixture.port()).post(DoorFixture.CALL, ONCE)) {
                await().until(() -> fixture.door.inFlight() == 2);
                // in flight is not yet in the queue: once a third is refused, the second surely waits
                await().until(() -> {
                    try (WireClient third = new WireClient(fixture.port()).post(DoorFixture.CALL, ONCE)) {
                        WireClient.Answer answer = third.answer();
                        assertThat(answer.status()).isEqualTo(503);
                        assertThat(answer.header("retry-after")).isEqualTo("2");
                        assertThat(answer.body()).contains("\"code\":\"server_is_overloaded\"");
                        return true;
                    }
                });
                assertThat(second.answer().status()).isEqualTo(503);
            }
            peer.talks().getFirst().json(200, Chunks.document("well", 1, 1));
            assertThat(first.answer().status()).isEqualTo(200);
            await().until(() -> fixture.recorded.size() >= 3);
            assertThat(fixture.recorded)
                    .flatExtracting(Interaction::attempts)
                    .extracting(Attempt::error)
                    .contains("upstream_busy");
            assertThat(peer.talks()).hasSize(1);
        }
    }

    private void ends(String body, ModelCard.Limits limits, int status, String... headers) throws IOException {
        try (DoorFixture fixture = fixture(peer.baseUrl(), limits)) {
            WireClient.Answer answer = call(fixture, body, headers);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.body()).contains("\"code\":\"upstream_timeout\"");
            assertThat(millis(fixture)).isBetween(290L, 5_000L);
        }
        await().until(() -> peer.open() == 0);
    }

    private static void onAndOn(ScriptedPeer.Talk talk) {
        talk.stream();
        more(talk);
    }

    private static void more(ScriptedPeer.Talk talk) {
        talk.content("on ").later(20, TimeLimitsTest::more);
    }

    private static long millis(DoorFixture fixture) {
        return fixture.interaction().endMicros() / 1_000;
    }

    private DoorFixture fixture(String url, ModelCard.Limits limits) {
        return new DoorFixture(vertx)
                .upstream("llm", url, new ModelCard.Credential.None(), limits)
                .open();
    }

    private static ModelCard.Limits limits(
            Duration connect,
            Duration head,
            Duration firstToken,
            Duration idle,
            Duration timeout,
            Duration streamTimeout) {
        return new ModelCard.Limits(8, LONG, connect, head, firstToken, idle, timeout, streamTimeout);
    }

    private static WireClient.Answer call(DoorFixture door, String json, String... headers) throws IOException {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add(ONCE);
        try (WireClient client = new WireClient(door.port())) {
            return client.post(json, all.toArray(String[]::new)).answer();
        }
    }
}
