package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.awaitility.Awaitility.await;

import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.Kind;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.VerifyStep;
import dev.understudy.model.Accepted;
import dev.understudy.model.AnswerSink;
import dev.understudy.model.Ask;
import dev.understudy.model.Asked;
import dev.understudy.model.ModelFailure;
import dev.understudy.model.Reply;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CascadeTest {
    private static final Demands LONG = budget(Duration.ofSeconds(10));

    private final Vertx vertx = Vertx.vertx();
    private final AtomicReference<HandModel> small = new AtomicReference<>();
    private ScriptedPeer peer;
    private DoorFixture fixture = new DoorFixture(vertx);

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> {
            if (talk.text().contains("\"stream\":true")) {
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
    void anAnswerThatPassesLeavesAsOrdinaryDeltas() throws IOException {
        cascade(LONG, (ask, telling) -> telling.answer("one two three", List.of(), "stop"));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body())
                .contains("\"content\":\"one \"", "\"content\":\"two \"", "\"content\":\"three\"")
                .endsWith("data: [DONE]\n\n");
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("small");
        assertThat(answer.header("x-understudy-route")).isEqualTo("cascade");
        assertThat(answer.header("x-understudy-attempts")).isEqualTo("1");
        assertThat(peer.talks()).isEmpty();
        Interaction interaction = fixture.interaction();
        assertThat(interaction.route()).isEqualTo(Interaction.Route.CASCADE);
        assertThat(interaction.escalation()).isNull();
        assertThat(interaction.attempts().getFirst().accepted()).isTrue();
    }

    @Test
    void notEvenTheBeginningOfATextLeavesBeforeItHasPassed() throws IOException {
        AtomicReference<HandModel.Telling> told = new AtomicReference<>();
        cascade(LONG, (ask, telling) -> {
            telling.accepted().frame(telling.writer.role());
            for (int i = 0; i < 200; i++) {
                telling.frame(telling.writer.content("word "));
            }
            told.set(telling);
        });
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM);
            await().until(() -> told.get() != null);
            vertx.runOnContext(run -> Objects.requireNonNull(told.get()).failed(ModelFailure.Code.INTERNAL));
            assertThat(client.answer().body()).contains("the large one").doesNotContain("word");
        }
    }

    @Test
    void aTurnThatSaysNothingIsReplacedByTheLargeModelsInTheSameRequest() throws IOException {
        cascade(LONG, (ask, telling) -> telling.answer("", List.of(), "stop"));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body()).contains("the large one").doesNotContain("chatcmpl-s");
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("llm");
        assertThat(answer.header("x-understudy-route")).isEqualTo("cascade");
        assertThat(answer.header("x-understudy-attempts")).isEqualTo("2");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.route()).isEqualTo(Interaction.Route.CASCADE);
        assertThat(interaction.served()).isEqualTo(2);
        assertThat(interaction.escalation()).isEqualTo("end");
        assertThat(interaction.attempts())
                .extracting(Attempt::role, Attempt::accepted)
                .containsExactly(tuple(Attempt.Role.SERVE, false), tuple(Attempt.Role.ESCALATE, true));
        assertThat(interaction.attempts().getFirst().verify().getLast().result())
                .isEqualTo(VerifyStep.Result.FAIL);
    }

    @ParameterizedTest
    @EnumSource(ModelFailure.Code.class)
    void eachFailureOfTheEngineEscalatesUnderItsName(ModelFailure.Code code) throws IOException {
        cascade(LONG, (ask, telling) -> telling.failed(code));
        assertThat(call(DoorFixture.CALL).body()).contains("the large one");
        assertThat(fixture.interaction().escalation()).isEqualTo(code.wire());
        assertThat(fixture.interaction().attempts().getLast().role()).isEqualTo(Attempt.Role.ESCALATE);
    }

    @Test
    void anAnswerThatIsLateIsCancelledAndReplaced() throws IOException {
        cascade(budget(Duration.ofMillis(150)), (ask, telling) -> {
            telling.accepted().frame(telling.writer.role());
            telling.frame(telling.writer.content("slowly "));
        });
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body()).contains("the large one").doesNotContain("slowly");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.escalation()).isEqualTo("deadline");
        assertThat(smallModel().cancelled).hasValue(1);
        Attempt late = interaction.attempts().getFirst();
        assertThat(late.error()).isEqualTo("deadline");
        assertThat(late.endMicros() - late.startMicros()).isBetween(150_000L, 2_000_000L);
        // what was cancelled is paid all the same: 3,600 us at 1 an hour
        assertThat(late.cost()).isEqualByComparingTo("0.000001");
        assertThat(interaction.cost()).isNotNull();
    }

    @Test
    void theClientIsToldThatSomebodyWorksWhileAnAnswerIsHeld() throws IOException {
        fixture =
                new DoorFixture(vertx, new Pace(Duration.ofMillis(50), Duration.ofMillis(60), Duration.ofSeconds(60)));
        cascadeOn(fixture, budget(Duration.ofMillis(400)), (ask, telling) -> telling.accepted());
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("pending");
        assertThat(answer.header("x-understudy-route")).isEqualTo("cascade");
        assertThat(answer.body())
                .startsWith(": keep-alive\n: keep-alive\n")
                .contains("the large one")
                .endsWith("data: [DONE]\n\n");
        assertThat(fixture.interaction().served()).isEqualTo(2);
    }

    @Test
    void aClientThatLeavesEndsTheSmallModelAndNobodyElseIsAsked() throws IOException {
        cascade(LONG, (ask, telling) -> telling.accepted().frame(telling.writer.role()));
        try (WireClient client = new WireClient(fixture.port())) {
            client.post(DoorFixture.STREAM);
            await().until(() -> smallModel().asked.get() == 1);
        }
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
        assertThat(smallModel().cancelled).hasValue(1);
        assertThat(peer.talks()).isEmpty();
        assertThat(interaction.attempts()).hasSize(1);
        assertThat(interaction.cost()).isEqualByComparingTo("0.000001");
        assertThat(interaction.escalation()).isNull();
    }

    @Test
    void anEngineThatNeverSaysWhatItSpentDoesNotKeepTheRow() throws IOException {
        fixture = new DoorFixture(vertx)
                .small("small", card -> new HandModel(card, (ask, telling) -> telling.accepted()) {
                    @Override
                    public Asked ask(Ask ask, AnswerSink sink) {
                        ask.loop().execute(() -> sink.accepted(Accepted.LOCAL));
                        return new Mute();
                    }
                })
                .upstream("llm", peer.baseUrl())
                .cascade(budget(Duration.ofMillis(50)))
                .open();
        assertThat(call(DoorFixture.CALL).body()).contains("the large one");
        assertThat(fixture.interaction().cost()).isNull();
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void restrictedContentsGoToNobodyOutsideHoweverTheSmallModelFares() throws IOException {
        cascade(LONG, (ask, telling) -> telling.answer(null, List.of(), "stop"));
        fixture.sensitivity(Sensitivity.RESTRICTED);
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).contains("\"code\":\"restricted_local_failed\"");
        assertThat(peer.talks()).isEmpty();
        assertThat(fixture.interaction().escalation()).isNull();
    }

    @Test
    void anAnswerToALongCallIsCheckedBesideTheLoopAndLeavesAllTheSame() throws IOException {
        cascade(LONG, (ask, telling) -> telling.answer("fine", List.of(), "stop"));
        String text = "word ".repeat(8_000);
        String call =
                "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
        assertThat(call(call).body()).contains("\"content\":\"fine\"").endsWith("data: [DONE]\n\n");
        assertThat(fixture.interaction().attempts().getFirst().verify()).isNotEmpty();
    }

    @Test
    void whatIsAskedOfAWholeAnswerHoldsBackTextOfASmallModelThatAnswersAlone() throws IOException {
        AtomicReference<HandModel.Telling> told = new AtomicReference<>();
        fixture = small(new DoorFixture(vertx), (ask, telling) -> {
                    telling.accepted().frame(telling.writer.role());
                    for (int i = 0; i < 40; i++) {
                        telling.frame(telling.writer.content("word "));
                    }
                    told.set(telling);
                    telling.failed(ModelFailure.Code.INTERNAL);
                })
                .upstream("llm", peer.baseUrl())
                .demands(Decision.Action.SLM, new Demands(null, 0.5, Demands.Secrets.OFF, List.of()))
                .open();
        assertThat(call(DoorFixture.STREAM).body()).contains("the large one").doesNotContain("word");
        assertThat(fixture.interaction().route()).isEqualTo(Interaction.Route.FALLBACK);
    }

    @Test
    void whereTheLargeModelFailsTooTheClientGetsItsError() throws IOException {
        peer.close();
        cascade(LONG, (ask, telling) -> telling.answer(null, List.of(), "stop"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.body()).contains("\"code\":\"upstream_unavailable\"");
        assertThat(answer.header("x-understudy-route")).isEqualTo("cascade");
        assertThat(fixture.interaction().escalation()).isEqualTo("end");
    }

    @Test
    void aToolCallThatPassesKeepsItsShape() throws IOException {
        cascade(
                LONG,
                (ask, telling) ->
                        telling.answer(null, List.of(new Reply.ToolCall("c1", "find", "{\"id\":7}")), "tool_calls"));
        fixture.kind(Kind.TOOL_CALL);
        String tool = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\"}}],";
        WireClient.Answer answer = call("{\"model\":\"m\",\"stream\":true," + tool
                + "\"messages\":[{\"role\":\"user\",\"content\":\"find 7\"}]}");
        assertThat(answer.body()).contains("\"name\":\"find\"").endsWith("data: [DONE]\n\n");
    }

    private static Demands budget(Duration budget) {
        return new Demands(budget, null, Demands.Secrets.OFF, List.of());
    }

    private void cascade(Demands demands, BiConsumer<Ask, HandModel.Telling> script) {
        fixture = new DoorFixture(vertx);
        cascadeOn(fixture, demands, script);
    }

    private void cascadeOn(DoorFixture on, Demands demands, BiConsumer<Ask, HandModel.Telling> script) {
        small(on, script).upstream("llm", peer.baseUrl()).cascade(demands).open();
    }

    private DoorFixture small(DoorFixture on, BiConsumer<Ask, HandModel.Telling> script) {
        return on.small("small", card -> {
            HandModel made = new HandModel(card, script);
            small.set(made);
            return made;
        });
    }

    private HandModel smallModel() {
        return Objects.requireNonNull(small.get());
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }

    /** An answer that says nothing whatever it is asked. */
    private static final class Mute implements Asked {
        @Override
        public void cancel() {}

        @Override
        public void pause() {}

        @Override
        public void resume() {}
    }
}
