package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One more question to the same target, before content, where it helps and harms nobody. */
class RepeatTest {
    private static final String ERROR = "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":null}}";

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {});
        fixture = fixture(new ModelCard.Credential.None());
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504, 529})
    void aStatusThatPassesIsAskedOnceMoreAndEachTryIsItsOwnAttempt(int status) throws IOException {
        firstThen(talk -> talk.json(status, ERROR));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("well");
        assertThat(answer.header("x-understudy-route")).isEqualTo("direct");
        assertThat(answer.header("x-understudy-attempts")).isEqualTo("2");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.served()).isEqualTo(2);
        assertThat(interaction.route()).isEqualTo(Interaction.Route.DIRECT);
        assertThat(interaction.attempts())
                .extracting(Attempt::n, Attempt::role, Attempt::status, Attempt::error, Attempt::accepted)
                .containsExactly(
                        tuple(1, Attempt.Role.SERVE, status, "upstream_error", false),
                        tuple(2, Attempt.Role.SERVE, 200, null, true));
        long pause = interaction.attempts().get(1).startMicros()
                - interaction.attempts().get(0).endMicros();
        assertThat(pause).isBetween(100_000L, 1_500_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 408, 409, 429, 501})
    void otherStatusesAreNotAskedAgain(int status) throws IOException {
        firstThen(talk -> talk.json(status, ERROR));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(status);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aFullUpstreamThatSaysAShortWhileIsWaitedForThatLong() throws IOException {
        firstThen(talk -> talk.json(429, ERROR, "retry-after: 1"));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(200);
        Interaction interaction = fixture.interaction();
        assertThat(interaction.attempts().get(1).startMicros()
                        - interaction.attempts().get(0).endMicros())
                .isBetween(1_100_000L, 2_500_000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 503})
    void aLongerWaitIsTheClients(int status) throws IOException {
        firstThen(talk -> talk.json(status, ERROR, "retry-after: 3"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("retry-after")).isEqualTo("3");
        assertThat(answer.header("x-should-retry")).isNull();
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void whatAnUpstreamSaysOfAnotherTryHoldsAndGoesOn() throws IOException {
        firstThen(talk -> talk.json(500, ERROR, "x-should-retry: false"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.header("x-should-retry")).isEqualTo("false");
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aKeptConnectionThatTheUpstreamHasClosedIsNoError() throws IOException {
        firstThen(talk -> talk.json(200, Chunks.document("well", 1, 1)));
        // one client, so that both calls are on one loop and would share a connection
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.CALL).answer();
            firstThen(ScriptedPeer.Talk::close);
            assertThat(client.post(DoorFixture.CALL).answer().body()).contains("well");
        }
        assertThat(peer.connections()).isEqualTo(2);
        await().until(() -> fixture.recorded.size() == 2);
        assertThat(fixture.recorded)
                .last()
                .satisfies(interaction -> assertThat(interaction.attempts())
                        .extracting(Attempt::error)
                        .containsExactly("upstream_unavailable", null));
    }

    @Test
    void aStreamThatIsCutBeforeItsHeadIsAskedAgain() throws IOException {
        firstThen(ScriptedPeer.Talk::close);
        assertThat(call(DoorFixture.STREAM).body()).contains("well").endsWith("data: [DONE]\n\n");
    }

    @Test
    void nothingIsAskedAThirdTime() throws IOException {
        peer.script(ScriptedPeer.Talk::close);
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(502);
        assertThat(peer.talks()).hasSize(2);
        assertThat(fixture.interaction().attempts()).hasSize(2);
    }

    @Test
    void whatIsCutAfterItsHeadIsNotAskedAgain() throws IOException {
        firstThen(talk -> talk.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
                .later(10, ScriptedPeer.Talk::close));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(502);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aClientThatRepeatsByItselfIsNotHelped() throws IOException {
        firstThen(ScriptedPeer.Talk::close);
        assertThat(call(DoorFixture.CALL, "x-stainless-retry-count: 1").status())
                .isEqualTo(502);
        assertThat(peer.talks()).hasSize(1);
        assertThat(call(DoorFixture.CALL, "x-stainless-retry-count: 0").status())
                .isEqualTo(200);
    }

    @Test
    void whatTheClientWillNotWaitForIsNotAskedAgain() throws IOException {
        firstThen(talk -> talk.json(429, ERROR, "retry-after: 2"));
        assertThat(call(DoorFixture.CALL, "x-stainless-read-timeout: 2").status())
                .isEqualTo(429);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void whatTheUpstreamKeepsIsNotSentTwice() throws IOException {
        firstThen(talk -> talk.json(500, ERROR));
        String kept = DoorFixture.CALL.replace("\"model\"", "\"background\":true,\"model\"");
        assertThat(call(kept).status()).isEqualTo(500);
        assertThat(peer.talks()).hasSize(1);
    }

    @Test
    void aCallersOwnKeyPaysOnce() throws IOException {
        try (DoorFixture forwards = fixture(new ModelCard.Credential.Forward()).providerKey("sk-theirs")) {
            firstThen(talk -> talk.json(500, ERROR));
            assertThat(call(forwards, DoorFixture.CALL).status()).isEqualTo(500);
            assertThat(peer.talks()).hasSize(1);
        }
    }

    @Test
    void aCallersOwnKeyIsShownAgainWhereNothingWasSent() throws IOException {
        String url = peer.baseUrl();
        peer.close();
        try (DoorFixture forwards = new DoorFixture(vertx)
                .upstream("llm", url, new ModelCard.Credential.Forward(), DoorFixture.limits())
                .providerKey("sk-theirs")
                .open()) {
            assertThat(call(forwards, DoorFixture.CALL).status()).isEqualTo(502);
            assertThat(forwards.interaction().attempts()).hasSize(2);
        }
        peer = new ScriptedPeer(vertx, talk -> {});
    }

    @Test
    void aClientThatLeavesWhileItIsWaitedStartsNothing() throws IOException, InterruptedException {
        firstThen(talk -> talk.json(429, ERROR, "retry-after: 1"));
        WireClient client = new WireClient(fixture.port()).post(DoorFixture.CALL);
        await().until(() -> peer.talks().size() == 1);
        client.close();
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(interaction.status()).isEqualTo(499);
        await().during(1_700, TimeUnit.MILLISECONDS)
                .atMost(3, TimeUnit.SECONDS)
                .until(() -> peer.talks().size() == 1);
    }

    /** The first question meets what is said; each later one is answered. */
    private void firstThen(Consumer<ScriptedPeer.Talk> first) {
        int[] n = new int[1];
        peer.script(talk -> {
            if (n[0]++ == 0) {
                first.accept(talk);
            } else if (talk.text().contains("\"stream\":true")) {
                talk.stream().content("well").finish();
            } else {
                talk.json(200, Chunks.document("well", 1, 1));
            }
        });
    }

    private DoorFixture fixture(ModelCard.Credential credential) {
        return new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), credential, DoorFixture.limits())
                .open();
    }

    private WireClient.Answer call(String json, String... headers) throws IOException {
        return call(fixture, json, headers);
    }

    private static WireClient.Answer call(DoorFixture door, String json, String... headers) throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            return client.post(json, headers).answer();
        }
    }
}
