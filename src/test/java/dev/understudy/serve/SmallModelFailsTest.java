package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.call.Kind;
import dev.understudy.call.Sensitivity;
import dev.understudy.call.VerifyStep;
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
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SmallModelFailsTest {
    private static final String TOOL =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":"
                    + "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\"}},\"required\":[\"id\"],"
                    + "\"additionalProperties\":false}}}],\"tool_choice\":\"required\",";
    private static final String TOOL_CALL =
            "{\"model\":\"m\"," + TOOL + "\"messages\":[{\"role\":\"user\",\"content\":\"find number 7\"}]}";
    private static final String TOOL_STREAM = "{\"model\":\"m\",\"stream\":true," + TOOL
            + "\"messages\":[{\"role\":\"user\",\"content\":\"find number 7\"}]}";

    private final Vertx vertx = Vertx.vertx();
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
    void anEmptyTurnIsNeverSent() throws IOException {
        both((ask, telling) -> telling.answer(null, List.of(), "stop"));
        assertThat(call(DoorFixture.CALL).body()).contains("the large one");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.route()).isEqualTo(Interaction.Route.FALLBACK);
        assertThat(interaction.served()).isEqualTo(2);
        assertThat(interaction.attempts())
                .extracting(Attempt::role)
                .containsExactly(Attempt.Role.SERVE, Attempt.Role.FALLBACK);
        assertThat(interaction.attempts().getFirst().accepted()).isFalse();
        assertThat(interaction.attempts().getFirst().verify())
                .extracting(VerifyStep::step, VerifyStep::detail)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("end", "empty"));
        // The failed try is paid too: 3,600 us of device time at 1 an hour, and the upstream's tokens.
        assertThat(interaction.cost()).isEqualByComparingTo("0.000026");
    }

    @Test
    void anEmptyStreamIsNeverSentEither() throws IOException {
        both((ask, telling) -> telling.answer("", List.of(), "stop"));
        assertThat(call(DoorFixture.STREAM).body())
                .contains("the large one")
                .doesNotContain("chatcmpl-s")
                .endsWith("[DONE]\n\n");
    }

    @Test
    void withNobodyLeftARejectedAnswerIsAnErrorBody() throws IOException {
        alone((ask, telling) -> telling.answer(null, List.of(), "stop"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.header("x-should-retry")).isEqualTo("false");
        assertThat(answer.body()).contains("\"code\":\"answer_rejected\"");
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.FAILED);
    }

    @Test
    void restrictedContentsThatNobodyElseMaySeeEndInOneCode() throws IOException {
        alone((ask, telling) -> telling.failed(ModelFailure.Code.DEADLINE));
        fixture.sensitivity(Sensitivity.RESTRICTED);
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.body()).contains("\"code\":\"restricted_local_failed\"");
        assertThat(answer.header("retry-after")).isNull();
        assertThat(fixture.interaction().error()).isEqualTo("restricted_local_failed");
    }

    @Test
    void restrictedContentsWhoseAnswerDoesNotPassEndInTheSameCode() throws IOException {
        alone((ask, telling) -> telling.answer(null, List.of(), "stop"));
        fixture.sensitivity(Sensitivity.RESTRICTED);
        assertThat(call(DoorFixture.STREAM).body()).contains("\"code\":\"restricted_local_failed\"");
    }

    @Test
    void whatTheCallerAskedWrongOfRestrictedContentsIsSaidAsItIs() throws IOException {
        alone((ask, telling) -> telling.failed(ModelFailure.Code.CONTEXT_LENGTH));
        fixture.sensitivity(Sensitivity.RESTRICTED);
        assertThat(call(DoorFixture.CALL).body()).contains("\"code\":\"context_length_exceeded\"");
    }

    @Test
    void aCallThatBreaksItsSchemaIsHeldBackAndTheNextModelAnswers() throws IOException {
        fixture = small((ask, telling) -> telling.answer(
                        null, List.of(new Reply.ToolCall("c1", "find", "{\"id\":\"seven\"}")), "tool_calls"))
                .upstream("llm", peer.baseUrl())
                .kind(Kind.TOOL_CALL)
                .open();
        String body = call(TOOL_STREAM).body();
        assertThat(body).contains("the large one").doesNotContain("find");
        assertThat(fixture.interaction().attempts().getFirst().verify())
                .extracting(VerifyStep::step, VerifyStep::result, VerifyStep::detail)
                .contains(org.assertj.core.groups.Tuple.tuple("schema", VerifyStep.Result.FAIL, "arguments: type"));
    }

    @Test
    void aCallThatPassesLeavesAsOrdinaryDeltas() throws IOException {
        fixture = small((ask, telling) ->
                        telling.answer(null, List.of(new Reply.ToolCall("c1", "find", "{\"id\":7}")), "tool_calls"))
                .upstream("llm", peer.baseUrl())
                .kind(Kind.TOOL_CALL)
                .open();
        WireClient.Answer answer = call(TOOL_STREAM);
        assertThat(answer.body()).contains("\"name\":\"find\"").endsWith("data: [DONE]\n\n");
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("small");
        assertThat(answer.header("x-understudy-route")).isEqualTo("direct");
        assertThat(peer.talks()).isEmpty();
        Attempt attempt = fixture.interaction().attempts().getFirst();
        assertThat(attempt.accepted()).isTrue();
        assertThat(attempt.variant()).isEqualTo("variant");
        assertThat(attempt.verify()).noneMatch(step -> step.result() == VerifyStep.Result.FAIL);
        assertThat(attempt.verify())
                .filteredOn(step -> step.result() == VerifyStep.Result.PASS)
                .extracting(VerifyStep::step)
                .contains("end", "parse", "call", "schema");
        // Saved is what the large model of the decision would have charged: 9 tokens in, 4 out.
        assertThat(fixture.interaction().baseline()).isEqualByComparingTo("0.000049");
    }

    @Test
    void aChoiceThatWasIgnoredIsRejected() throws IOException {
        fixture = small((ask, telling) -> telling.answer("I would rather talk.", List.of(), "stop"))
                .upstream("llm", peer.baseUrl())
                .kind(Kind.TOOL_CALL)
                .open();
        assertThat(call(TOOL_CALL).body()).contains("the large one");
    }

    @Test
    void eachFailureOfTheEngineLeadsToTheNextModel() throws IOException {
        for (ModelFailure.Code code : ModelFailure.Code.values()) {
            both((ask, telling) -> telling.failed(code));
            WireClient.Answer answer = call(DoorFixture.STREAM);
            assertThat(answer.body()).as(code.wire()).contains("the large one");
            assertThat(answer.header("x-understudy-attempts")).isEqualTo("2");
            assertThat(answer.header("x-understudy-route")).isEqualTo("fallback");
            assertThat(fixture.interaction().attempts().getFirst().error()).isEqualTo(code.wire());
            fixture.close();
        }
    }

    @Test
    void anEngineThatThrowsIsAFailureLikeAnyOther() throws IOException {
        fixture = new DoorFixture(vertx)
                .small("small", card -> new HandModel(card, (ask, telling) -> {}) {
                    @Override
                    public Asked ask(Ask ask, AnswerSink sink) {
                        throw new IllegalStateException("the engine is on fire");
                    }
                })
                .upstream("llm", peer.baseUrl())
                .open();
        assertThat(call(DoorFixture.CALL).body()).contains("the large one");
        assertThat(fixture.interaction().attempts().getFirst().error()).isEqualTo("internal");
        assertThat(fixture.door.inFlight()).isZero();
    }

    @Test
    void aFailureWithNobodyLeftHasItsOwnStatus() throws IOException {
        alone((ask, telling) -> telling.failed(ModelFailure.Code.CONTEXT_LENGTH));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"messages\",\"code\":\"context_length_exceeded\"");
    }

    @Test
    void textStreamsOnceItsBeginningWasSeenAndAFailureThenIsAnErrorEvent() throws IOException {
        both((ask, telling) -> {
            telling.accepted().frame(telling.writer.role());
            for (int i = 0; i < 40; i++) {
                telling.frame(telling.writer.content("word" + i + " "));
            }
            telling.failed(ModelFailure.Code.DEADLINE);
        });
        String body = call(DoorFixture.STREAM).body();
        assertThat(body)
                .startsWith("data: {\"id\":\"chatcmpl-s\"")
                .endsWith("\"code\":\"upstream_timeout\"}}\n\n")
                .doesNotContain("the large one");
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void textThatFailsInItsBeginningIsReplaced() throws IOException {
        both((ask, telling) -> {
            telling.accepted().frame(telling.writer.role());
            for (int i = 0; i < 31; i++) {
                telling.frame(telling.writer.content("word "));
            }
            telling.failed(ModelFailure.Code.INTERNAL);
        });
        assertThat(call(DoorFixture.STREAM).body()).contains("the large one").doesNotContain("word");
    }

    @Test
    void textWhoseBeginningGoesRoundInCirclesIsReplaced() throws IOException {
        both((ask, telling) -> telling.answer("word ".repeat(40), List.of(), "stop"));
        assertThat(call(DoorFixture.STREAM).body()).contains("the large one").doesNotContain("word");
        assertThat(fixture.interaction().escalation()).isEqualTo("degeneration");
    }

    private void both(BiConsumer<Ask, HandModel.Telling> script) {
        fixture = small(script).upstream("llm", peer.baseUrl()).open();
    }

    private void alone(BiConsumer<Ask, HandModel.Telling> script) {
        fixture = small(script).open();
    }

    private DoorFixture small(BiConsumer<Ask, HandModel.Telling> script) {
        return new DoorFixture(vertx).small("small", card -> new HandModel(card, script));
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
