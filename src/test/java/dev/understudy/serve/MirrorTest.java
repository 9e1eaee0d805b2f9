package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.call.LateAttempt;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.Ask;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Urgency;
import dev.understudy.telemetry.Meters;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MirrorTest {
    private final Vertx vertx = Vertx.vertx();
    private final AtomicReference<HandModel> beside = new AtomicReference<>();
    private volatile boolean upstreamFails;
    private ScriptedPeer peer;
    private DoorFixture fixture = new DoorFixture(vertx);

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {
            if (upstreamFails) {
                talk.json(400, "{\"error\":{\"message\":\"no\",\"type\":\"x\",\"param\":null,\"code\":null}}");
            } else if (talk.text().contains("\"stream\":true")) {
                talk.stream().content("the large one").finish();
            } else {
                talk.json(200, Chunks.document("the large one", 5, 2));
            }
        });
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aMirrorAnswersUnheardAndIsRecordedAloneUnderItsCall() throws IOException {
        AtomicReference<Urgency> urgency = new AtomicReference<>();
        shadow(8, (ask, telling) -> {
            urgency.set(ask.urgency());
            telling.answer("the small one", List.of(), "stop");
        });
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body()).contains("the large one").doesNotContain("the small one");
        assertThat(answer.header("x-understudy-route")).isEqualTo("direct");
        await().until(() -> fixture.late.size() == 1);
        LateAttempt late = fixture.late.getFirst();
        Interaction interaction = fixture.interaction();
        assertThat(late.call().id()).isEqualTo(interaction.call().id());
        assertThat(late.attempt().role()).isEqualTo(Attempt.Role.MIRROR);
        assertThat(late.attempt().n()).isEqualTo(2);
        assertThat(late.attempt().accepted()).isFalse();
        assertThat(late.attempt().error()).isNull();
        assertThat(late.attempt().verify()).isNotEmpty().noneMatch(step -> step.result() == VerifyStep.Result.FAIL);
        assertThat(late.attempt().cost()).isEqualByComparingTo("0.000001");
        assertThat(late.attempt().startMicros()).isGreaterThanOrEqualTo(interaction.firstContentMicros());
        assertThat(urgency).hasValue(Urgency.SHADOW);
        assertThat(new String(Objects.requireNonNull(late.attempt().answer()).bytes(), StandardCharsets.UTF_8))
                .contains("small ");
        assertThat(interaction.attempts()).hasSize(1);
        // The caller pays for the large model alone: 7 tokens in, 4 out, as estimated.
        assertThat(interaction.cost()).isEqualByComparingTo("0.000047");
        assertThat(mirrors("done")).isEqualTo(1);
    }

    @Test
    void aMirrorBeginsOnlyWhenTheAnswerHasLeft() throws IOException {
        AtomicReference<ScriptedPeer.Talk> talking = new AtomicReference<>();
        peer.close();
        peer = new ScriptedPeer(vertx, talk -> {
            talk.stream().content("one");
            talking.set(talk);
        });
        shadow(8, (ask, telling) -> telling.answer("x", List.of(), "stop"));
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM);
            await().until(() -> talking.get() != null);
            assertThat(mirror().asked).hasValue(0);
            Objects.requireNonNull(talking.get()).finish();
            client.answer();
        }
        await().until(() -> mirror().asked.get() == 1);
    }

    @Test
    void aMirrorThatFailsIsRecordedToo() throws IOException {
        shadow(8, (ask, telling) -> telling.accepted().failed(ModelFailure.Code.OVERLOADED));
        call(DoorFixture.CALL);
        await().until(() -> fixture.late.size() == 1);
        assertThat(fixture.late.getFirst().attempt().error()).isEqualTo("overloaded");
        assertThat(mirrors("failed")).isEqualTo(1);
    }

    @Test
    void soManyRunAtATimeSomeWaitAndTheRestIsDropped() throws IOException {
        List<HandModel.Telling> open = Collections.synchronizedList(new ArrayList<>());
        shadow(2, (ask, telling) -> open.add(telling.accepted()));
        for (int i = 0; i < 13; i++) {
            call(DoorFixture.CALL);
        }
        await().until(() -> mirrors("dropped") == 3);
        assertThat(mirror().asked).hasValue(2);
        assertThat(mirrors("done") + mirrors("failed")).isZero();
        HandModel.Telling first = open.getFirst();
        vertx.runOnContext(run -> first.answer("x", List.of(), "stop"));
        await().until(() -> mirror().asked.get() == 3);
    }

    @Test
    void anAnswerThatNeverCameHasNoMirror() throws IOException {
        shadow(8, (ask, telling) -> telling.answer("x", List.of(), "stop"));
        upstreamFails = true;
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(400);
        fixture.interaction();
        assertThat(mirror().asked).hasValue(0);
    }

    @Test
    void aClientThatLeavesBeforeItsAnswerHasNoMirror() throws IOException {
        peer.close();
        peer = new ScriptedPeer(vertx, talk -> {});
        shadow(8, (ask, telling) -> telling.answer("x", List.of(), "stop"));
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.CALL);
            await().until(() -> peer.talks().size() == 1);
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(mirror().asked).hasValue(0);
    }

    @Test
    void aGatewayThatStopsEndsItsMirrors() throws IOException {
        shadow(8, (ask, telling) -> telling.accepted());
        call(DoorFixture.CALL);
        await().until(() -> mirror().asked.get() == 1);
        fixture.door.close();
        await().until(() -> fixture.late.size() == 1);
        assertThat(mirror().cancelled).hasValue(1);
        assertThat(fixture.late.getFirst().attempt().error()).isEqualTo("stopped");
        assertThat(fixture.late.getFirst().attempt().cost()).isEqualByComparingTo("0.000001");
    }

    @Test
    void restrictedContentsReachAMirrorInThisProcessOnly() throws IOException {
        shadow(8, (ask, telling) -> telling.answer("x", List.of(), "stop"));
        fixture.sensitivity(Sensitivity.RESTRICTED);
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(503);
        assertThat(peer.talks()).isEmpty();
        assertThat(mirror().asked).hasValue(0);
    }

    private void shadow(int maxInflight, BiConsumer<Ask, HandModel.Telling> script) {
        fixture = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl())
                .mirror("beside", maxInflight, card -> {
                    HandModel made = new HandModel(card, script);
                    beside.set(made);
                    return made;
                })
                .open();
    }

    private HandModel mirror() {
        return Objects.requireNonNull(beside.get());
    }

    private double mirrors(String outcome) {
        return fixture.meters.counter(Meters.MIRRORS, Meters.OUTCOME, outcome).count();
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
