package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.AnswerFacts;
import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.VerifyStep;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What policies ask of answers, whoever gives them. */
class OutputGuardTest {
    private static final String SECRET = "AKIA" + "Q3EGRZ7TW2MUX5PL";
    private static final Demands DENY = new Demands(null, null, Demands.Secrets.DENY, List.of());
    private static final Demands NOTE = new Demands(null, null, Demands.Secrets.NOTE, List.of());

    private final Vertx vertx = Vertx.vertx();
    private final ScriptedPeer peer = new ScriptedPeer(vertx, talk -> {
        if (talk.text().contains("\"stream\":true")) {
            talk.stream()
                    .content("the key is AKIAQ3EG")
                    .content("RZ7TW2MUX5PL, keep it")
                    .finish();
        } else {
            talk.json(200, Chunks.document("the key is " + SECRET, 5, 2));
        }
    });
    private DoorFixture fixture = new DoorFixture(vertx);

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aLargeModelsAnswerWithASecretIsDenied() throws IOException {
        large(DENY);
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.body()).contains("\"code\":\"policy_guard\"").doesNotContain(SECRET);
        Interaction interaction = fixture.interaction();
        assertThat(interaction.outcome()).isEqualTo(Interaction.Outcome.DENIED);
        Attempt attempt = interaction.attempts().getFirst();
        assertThat(attempt.accepted()).isFalse();
        assertThat(attempt.verify())
                .singleElement()
                .extracting(VerifyStep::detail)
                .isEqualTo("secrets");
        assertThat(attempt.cost()).isPositive();
    }

    @Test
    void aStreamIsHeldUntilNoSecretCanComeAndSoNoPieceOfOneLeaves() throws IOException {
        large(DENY);
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.body()).contains("\"code\":\"policy_guard\"").doesNotContain("AKIA", "MUX5PL");
    }

    @Test
    void onceTheHeadIsOutTheDenialIsAnErrorEvent() throws IOException {
        fixture =
                new DoorFixture(vertx, new Pace(Duration.ofMillis(20), Duration.ofSeconds(15), Duration.ofSeconds(60)));
        peer.script(talk -> talk.stream().content("the key is " + SECRET).later(200, ScriptedPeer.Talk::finish));
        fixture.upstream("llm", peer.baseUrl())
                .demands(Decision.Action.LLM, DENY)
                .open();
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .contains("event: error\n", "\"code\":\"policy_guard\"")
                .doesNotContain(SECRET, "[DONE]");
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.DENIED);
    }

    @Test
    void anAnswerWithoutASecretPassesAsItCame() throws IOException {
        peer.script(talk -> talk.stream().content("no key ").content("here").finish());
        large(DENY);
        assertThat(call(DoorFixture.STREAM).body()).contains("no key ", "here").endsWith("data: [DONE]\n\n");
    }

    @Test
    void whatIsOnlyNotedIsSentAndStandsInTheRow() throws IOException {
        large(NOTE);
        assertThat(call(DoorFixture.STREAM).body()).contains("AKIAQ3EG").endsWith("data: [DONE]\n\n");
        assertThat(fixture.interaction().attempts().getFirst().verify())
                .singleElement()
                .satisfies(step -> {
                    assertThat(step.step()).isEqualTo("policy");
                    assertThat(step.result()).isEqualTo(VerifyStep.Result.PASS);
                    assertThat(step.detail()).isEqualTo("secrets");
                });
    }

    @Test
    void aConditionThatALargeModelsAnswerBreaksIsNoted() throws IOException {
        large(asks("never"));
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(200);
        assertThat(fixture.interaction().attempts().getFirst().verify())
                .singleElement()
                .extracting(VerifyStep::result, VerifyStep::detail)
                .containsExactly(VerifyStep.Result.FAIL, "test/never");
    }

    @Test
    void aConditionThatASmallModelsAnswerBreaksEscalates() throws IOException {
        fixture = new DoorFixture(vertx)
                .small(
                        "small",
                        card -> new HandModel(card, (ask, telling) -> telling.answer("fine", List.of(), "stop")))
                .upstream("llm", peer.baseUrl())
                .cascade(asks("small"))
                .open();
        assertThat(call(DoorFixture.CALL).body()).contains(SECRET).doesNotContain("fine");
        assertThat(fixture.interaction().escalation()).isEqualTo("policy");
    }

    @Test
    void aSecretInASmallModelsAnswerEscalatesAndInTheLargeOnesIsDenied() throws IOException {
        fixture = new DoorFixture(vertx)
                .small(
                        "small",
                        card -> new HandModel(card, (ask, telling) -> telling.answer(SECRET, List.of(), "stop")))
                .upstream("llm", peer.baseUrl())
                .cascade(DENY)
                .open();
        assertThat(call(DoorFixture.CALL).status()).isEqualTo(403);
        Interaction interaction = fixture.interaction();
        assertThat(interaction.escalation()).isEqualTo("policy");
        assertThat(interaction.attempts()).extracting(Attempt::error).containsExactly("unparsed", "policy_guard");
    }

    /** A condition that only answers keep which say nothing. */
    private static Demands asks(String name) {
        Demands.Check check = new Demands.Check() {
            @Override
            public String place() {
                return "test/" + name;
            }

            @Override
            public boolean holds(AnswerFacts answer) {
                return answer.text().isEmpty();
            }
        };
        return new Demands(null, null, Demands.Secrets.OFF, List.of(check));
    }

    private void large(Demands demands) {
        fixture = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl())
                .demands(Decision.Action.LLM, demands)
                .open();
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
