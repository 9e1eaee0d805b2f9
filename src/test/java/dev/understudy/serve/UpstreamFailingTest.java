package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.model.ModelCard;
import dev.understudy.telemetry.Meters;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An upstream that fails too often is left alone; what is not its fault does not count. */
class UpstreamFailingTest {
    private static final String ONCE = "x-stainless-retry-count: 1";
    private static final String ERROR = "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":null}}";

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void twentyErrorsOpenAndTheNextCallIsToldWhenToComeBack() throws IOException {
        fail(20, talk -> talk.json(500, ERROR));
        WireClient.Answer answer = call(fixture, DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).contains("\"code\":\"server_is_overloaded\"");
        assertThat(answer.header("retry-after")).isIn("1", "2", "3", "4", "5");
        assertThat(peer.talks()).hasSize(20);
        await().until(() -> fixture.recorded.size() == 21);
        // on several loops, so in any order
        assertThat(fixture.recorded)
                .flatExtracting(Interaction::attempts)
                .filteredOn(attempt -> "upstream_failing".equals(attempt.error()))
                .extracting(Attempt::n)
                .containsExactly(1);
        assertThat(meter(Meters.UPSTREAM_STATE)).isEqualTo(2);
        assertThat(fixture.meters
                        .counter(Meters.UPSTREAM_TRIPS, Meters.UPSTREAM, "llm")
                        .count())
                .isEqualTo(1);
    }

    @Test
    void streamsThatBreakCountLikeErrors() throws IOException {
        peer.script(talk -> talk.stream().content("half").later(1, ScriptedPeer.Talk::close));
        for (int i = 0; i < 20; i++) {
            assertThat(call(fixture, DoorFixture.STREAM).body()).contains("upstream_stream_truncated");
        }
        assertThat(call(fixture, DoorFixture.STREAM).status()).isEqualTo(503);
    }

    @Test
    void connectionsThatAreRefusedCount() throws IOException {
        String url = peer.baseUrl();
        peer.close();
        try (DoorFixture alone = new DoorFixture(vertx).upstream("llm", url).open()) {
            for (int i = 0; i < 20; i++) {
                assertThat(call(alone, DoorFixture.CALL).status()).isEqualTo(502);
            }
            assertThat(call(alone, DoorFixture.CALL).status()).isEqualTo(503);
        }
        peer = new ScriptedPeer(vertx, talk -> {});
    }

    @Test
    void whatTheCallerDidDoesNotCount() throws IOException {
        fail(15, talk -> talk.json(400, ERROR));
        fail(15, talk -> talk.json(429, ERROR));
        assertThat(meter(Meters.UPSTREAM_STATE)).isZero();
    }

    @Test
    void aClientsOwnTimeLimitDoesNotCount() throws IOException {
        peer.script(talk -> {});
        for (int i = 0; i < 20; i++) {
            try (WireClient client = new WireClient(fixture.port())) {
                assertThat(client.post(DoorFixture.CALL, ONCE, "x-stainless-timeout: 0.02")
                                .answer()
                                .status())
                        .isEqualTo(504);
            }
        }
        assertThat(meter(Meters.UPSTREAM_STATE)).isZero();
    }

    @Test
    void anotherTargetAnswersAtOnce() throws IOException {
        ScriptedPeer second = new ScriptedPeer(vertx, talk -> talk.json(200, Chunks.document("second", 1, 1)));
        try (DoorFixture two = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl())
                .upstream("two", second.baseUrl())
                .open()) {
            peer.script(talk -> talk.json(500, ERROR));
            for (int i = 0; i < 20; i++) {
                assertThat(call(two, DoorFixture.CALL).body()).contains("second");
            }
            WireClient.Answer answer = call(two, DoorFixture.CALL);
            assertThat(answer.body()).contains("second");
            assertThat(answer.header("x-understudy-route")).isEqualTo("fallback");
            assertThat(peer.talks()).hasSize(20);
        }
        second.close();
    }

    @Test
    void anUpstreamThatWantsAnHourIsLeftAloneForAMinute() throws IOException {
        fail(1, talk -> talk.json(429, ERROR, "retry-after: 3600"));
        WireClient.Answer answer = call(fixture, DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(Integer.parseInt(String.valueOf(answer.header("retry-after"))))
                .isBetween(50, 60);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aCallersFullAccountIsNotEverybodys() throws IOException {
        try (DoorFixture forwards = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), new ModelCard.Credential.Forward(), DoorFixture.limits())
                .providerKey("sk-theirs")
                .open()) {
            peer.script(talk -> talk.json(429, ERROR, "retry-after: 3600"));
            assertThat(call(forwards, DoorFixture.CALL).header("x-should-retry"))
                    .isEqualTo("false");
            assertThat(call(forwards, DoorFixture.CALL).status()).isEqualTo(429);
        }
    }

    private void fail(int times, Consumer<ScriptedPeer.Talk> how) throws IOException {
        peer.script(how);
        for (int i = 0; i < times; i++) {
            assertThat(call(fixture, DoorFixture.CALL).status()).isGreaterThanOrEqualTo(400);
        }
    }

    private double meter(String name) {
        return fixture.meters.get(name).tag(Meters.UPSTREAM, "llm").gauge().value();
    }

    private static WireClient.Answer call(DoorFixture door, String json) throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            return client.post(json, ONCE).answer();
        }
    }
}
