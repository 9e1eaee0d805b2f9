package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.understudy.call.Attempt;
import dev.understudy.call.Interaction;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FallbackTest {
    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer first;
    private ScriptedPeer second;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        first = new ScriptedPeer(vertx, ScriptedPeer.Talk::close);
        second = new ScriptedPeer(vertx, talk -> {
            if (talk.text().contains("\"stream\":true")) {
                talk.stream().event(Chunks.role()).content("second").finish();
            } else {
                talk.json(200, Chunks.document("second", 5, 2));
            }
        });
        fixture = new DoorFixture(vertx)
                .upstream("one", first.baseUrl())
                .upstream("two", second.baseUrl())
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        first.close();
        second.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aConnectionThatBreaksBeforeTheHeadLeadsToTheNext() throws IOException {
        assertThat(call(DoorFixture.STREAM).body()).contains("second");
        Interaction interaction = fixture.interaction();
        assertThat(interaction.route()).isEqualTo(Interaction.Route.FALLBACK);
        assertThat(interaction.attempts())
                .extracting(Attempt::model, Attempt::role, Attempt::error)
                .containsExactly(
                        tuple("one", Attempt.Role.SERVE, "upstream_unavailable"),
                        tuple("one", Attempt.Role.SERVE, "upstream_unavailable"),
                        tuple("two", Attempt.Role.FALLBACK, null));
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 409, 429, 500, 503, 529})
    void statusesThatPassLeadToTheNext(int status) throws IOException {
        first.script(talk -> talk.json(status, "{}"));
        assertThat(call(DoorFixture.CALL).body()).contains("second");
        assertThat(fixture.interaction().attempts().getFirst().status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 413, 422})
    void otherErrorsPassAsTheyCame(int status) throws IOException {
        String body = "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":null,\"code\":null}}";
        first.script(talk -> talk.json(status, body));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body()).isEqualTo(body);
        assertThat(second.talks()).isEmpty();
    }

    @Test
    void aStreamThatBreaksBeforeItsFirstContentIsNeverSeen() throws IOException {
        first.script(talk -> talk.stream().event(Chunks.role()).later(20, ScriptedPeer.Talk::close));
        WireClient.Answer answer = call(DoorFixture.STREAM);
        assertThat(answer.body())
                .isEqualTo("data: " + Chunks.role() + "\n\ndata: " + Chunks.content("second") + "\n\ndata: "
                        + Chunks.finish("stop") + "\n\ndata: [DONE]\n\n");
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("two");
        assertThat(answer.header("x-understudy-attempts")).isEqualTo("2");
    }

    @Test
    void afterTheFirstContentNothingIsRetried() throws IOException {
        first.script(talk -> talk.stream().event(Chunks.role()).content("fir").later(20, ScriptedPeer.Talk::close));
        assertThat(call(DoorFixture.STREAM).body())
                .startsWith("data: " + Chunks.role() + "\n\ndata: " + Chunks.content("fir"))
                .contains("event: error")
                .doesNotContain("second");
        assertThat(second.talks()).isEmpty();
    }

    @Test
    void theErrorOfTheLastIsTold() throws IOException {
        second.script(
                talk -> talk.json(500, "{\"error\":{\"message\":\"b\",\"type\":\"t\",\"param\":null,\"code\":null}}"));
        WireClient.Answer answer = call(DoorFixture.CALL);
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).contains("\"message\":\"b\"");
        // the first once more, the second not: one repeat a call
        assertThat(answer.header("x-understudy-attempts")).isEqualTo("3");
    }

    private WireClient.Answer call(String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.post(json).answer();
        }
    }
}
