package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.understudy.access.HeldIds;
import dev.understudy.call.AnswerBytes;
import dev.understudy.call.Api;
import dev.understudy.call.Attempt;
import dev.understudy.call.Decision;
import dev.understudy.call.Interaction;
import dev.understudy.call.TokenCount;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResponsesTest {
    private static final String PATH = "/v1/responses";
    private static final String CALL = "{ \"model\":\"m\", \"input\":\"h\\u00e9\", \"later\":[1e400] }";
    private static final String STREAM = "{\"model\":\"m\",\"stream\":true,\"input\":\"hi\"}";
    private static final String USAGE = "\"usage\":{\"input_tokens\":11,\"input_tokens_details\":{\"cached_tokens\":4},"
            + "\"output_tokens\":3,\"total_tokens\":14}";
    private static final String CREATED =
            event("response.created", 0, "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":5}");
    private static final String ADDED = event(
            "response.output_item.added",
            1,
            "\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"content\":[]}");
    private static final String PART = event(
            "response.content_part.added",
            2,
            "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\"}");
    private static final String DELTA = event(
            "response.output_text.delta",
            3,
            "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"hi\"");
    private static final String COMPLETED = event(
            "response.completed",
            4,
            "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":[{\"id\":\"msg_1\","
                    + "\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"hi\"}]}]," + USAGE + "}");

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer peer;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        peer = new ScriptedPeer(vertx, talk -> talk.json(200, document("resp_1")));
        fixture = new DoorFixture(vertx).upstream("llm", peer.baseUrl()).open();
    }

    @AfterEach
    void close() {
        fixture.close();
        peer.close();
        Blocking.get(vertx.close());
    }

    @Test
    void aJsonAnswerAndItsQuestionPassByteForByte() throws IOException {
        WireClient.Answer answer = post(fixture, CALL);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(document("resp_1"));
        assertThat(answer.header("x-understudy-served-by")).isEqualTo("llm");
        assertThat(peer.talks().getFirst().head()).startsWith("POST /v1/responses HTTP/1.1");
        assertThat(peer.talks().getFirst().text()).isEqualTo(CALL);
    }

    @Test
    void aStreamPassesEventForEventAndNothingIsAddedToTheQuestion() throws IOException {
        peer.script(talk -> talk.stream()
                .chunk(CREATED + ADDED)
                .chunk(PART + DELTA)
                .chunk(COMPLETED)
                .end());

        WireClient.Answer answer = post(fixture, STREAM);

        assertThat(answer.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(answer.body()).isEqualTo(CREATED + ADDED + PART + DELTA + COMPLETED);
        assertThat(peer.talks().getFirst().text()).isEqualTo(STREAM);
    }

    @Test
    void whatFollowsAResponseBelongsToItsSession() throws IOException {
        post(fixture, CALL);

        assertThat(fixture.sessions.sessionOf("local", "resp_1")).isEqualTo("session");
    }

    @Test
    void theRowHoldsApiUsageAndTheAnswer() throws IOException {
        peer.script(talk ->
                talk.stream().chunk(CREATED + ADDED + PART + DELTA + COMPLETED).end());
        post(fixture, STREAM);

        Interaction row = fixture.interaction();
        Attempt attempt = row.attempts().getFirst();
        assertThat(row.call().api()).isEqualTo(Api.RESPONSES);
        assertThat(row.outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
        assertThat(attempt.finish()).isEqualTo("completed");
        assertThat(attempt.tokens()).isEqualTo(new TokenCount(11, 4, 3, TokenCount.Source.REPORTED));
        assertThat(Objects.requireNonNull(attempt.answer()))
                .extracting(AnswerBytes::api, AnswerBytes::stream)
                .containsExactly(Api.RESPONSES, true);
    }

    @Test
    void aLastEventIsNotWaitedOnWhenTheUpstreamStaysOpen() throws IOException {
        peer.script(talk -> talk.stream().chunk(CREATED + ADDED + PART + DELTA + COMPLETED));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Head head = client.postTo(PATH, STREAM).head();
            StringBuilder got = new StringBuilder();
            while (!got.toString().endsWith(COMPLETED)) {
                got.append(client.chunk());
            }
            assertThat(head.status()).isEqualTo(200);
            assertThat(client.chunk()).isEmpty();
        }
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.COMPLETED);
    }

    @Test
    void aTruncatedStreamGetsItsErrorAndThenItsFailedWithTheNextNumbers() throws IOException {
        peer.script(talk -> talk.stream().chunk(CREATED + ADDED + PART + DELTA).end());

        String body = post(fixture, STREAM).body();

        String error = "The upstream's stream ended before its answer did. Try again.";
        assertThat(body)
                .startsWith(CREATED + ADDED + PART + DELTA
                        + "event: error\ndata: {\"type\":\"error\",\"sequence_number\":4,"
                        + "\"code\":\"upstream_stream_truncated\",\"message\":\"" + error + "\",\"param\":null,"
                        + "\"error\":{\"type\":\"server_error\",\"code\":\"upstream_stream_truncated\",\"message\":\""
                        + error + "\",\"param\":null}}\n\n"
                        + "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":5,"
                        + "\"response\":{\"id\":\"resp_1\"")
                .endsWith("}\n\n");
        Interaction row = fixture.interaction();
        assertThat(row.outcome()).isEqualTo(Interaction.Outcome.FAILED);
        assertThat(row.error()).isEqualTo("upstream_stream_truncated");
    }

    @Test
    void aConnectionThatBreaksIsToldTheSameWay() throws IOException {
        peer.script(talk -> talk.stream().chunk(CREATED + ADDED + PART + DELTA).later(50, ScriptedPeer.Talk::close));

        assertThat(post(fixture, STREAM).body())
                .contains("event: error\ndata: {\"type\":\"error\",\"sequence_number\":4,")
                .contains("event: response.failed\n");
    }

    @Test
    void anErrorUnder200IsABadGatewayInBothForms() throws IOException {
        peer.script(talk -> talk.json(200, "{\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}"));
        WireClient.Answer json = post(fixture, CALL);
        peer.script(talk -> talk.stream()
                .chunk(CREATED + event("error", 1, "\"code\":\"server_error\",\"message\":\"boom\",\"param\":null"))
                .end());
        WireClient.Answer stream = post(fixture, STREAM);

        assertThat(json.status()).isEqualTo(502);
        assertThat(json.body()).contains("\"code\":\"upstream_malformed_response\"");
        assertThat(stream.status()).isEqualTo(502);
        assertThat(stream.body())
                .isEqualTo("{\"error\":{\"message\":\"boom\",\"type\":\"upstream_error\",\"param\":null,"
                        + "\"code\":\"server_error\"}}");
        assertThat(fixture.held.all()).isEmpty();
    }

    @Test
    void anErrorThatCameAloneGetsItsFailed() throws IOException {
        String error = event("error", 4, "\"code\":\"server_error\",\"message\":\"boom\",\"param\":null");
        peer.script(talk ->
                talk.stream().chunk(CREATED + ADDED + PART + DELTA + error).end());

        assertThat(post(fixture, STREAM).body())
                .startsWith(CREATED + ADDED + PART + DELTA + error + "event: response.failed\n")
                .contains("\"sequence_number\":5,\"response\":{\"id\":\"resp_1\"")
                .contains("\"error\":{\"code\":\"server_error\",\"message\":\"boom\"}");
    }

    @Test
    void whileOnlyTheBeginningIsThereAnotherModelMayAnswer() throws IOException {
        peer.script(talk -> talk.stream().chunk(CREATED).later(50, ScriptedPeer.Talk::close));
        try (ScriptedPeer other = new ScriptedPeer(
                        vertx,
                        talk -> talk.stream()
                                .chunk(CREATED.replace("resp_1", "resp_2") + COMPLETED.replace("resp_1", "resp_2"))
                                .end());
                DoorFixture two = new DoorFixture(vertx)
                        .upstream("one", peer.baseUrl())
                        .upstream("two", other.baseUrl())
                        .open()) {
            WireClient.Answer answer = post(two, STREAM);

            assertThat(answer.body()).startsWith("event: response.created\n").doesNotContain("resp_1");
            assertThat(answer.header("x-understudy-route")).isEqualTo("fallback");
            assertThat(two.held.all()).containsOnlyKeys("local resp_2", "local msg_1");
            assertThat(two.held.all()).containsEntry("local resp_2", new HeldIds.Owner("two", null));
        }
    }

    @Test
    void aHeadThatIsDueTakesTheBeginningAlongAndBindsIt() throws IOException {
        Pace hasty = new Pace(Duration.ofMillis(60), Duration.ofMillis(90), Duration.ofSeconds(60));
        peer.script(talk -> talk.stream()
                .chunk(CREATED)
                .later(400, then -> then.chunk(ADDED + PART + DELTA + COMPLETED).end()));
        try (DoorFixture quick = new DoorFixture(vertx, hasty)
                        .upstream("llm", peer.baseUrl())
                        .open();
                WireClient client = new WireClient(quick.port())) {
            WireClient.Head head = client.postTo(PATH, STREAM).head();
            assertThat(head.header("x-understudy-served-by")).isEqualTo("llm");
            assertThat(client.chunk()).isEqualTo(CREATED);
            assertThat(quick.held.all()).containsOnlyKeys("local resp_1");
            assertThat(client.chunk())
                    .isEqualTo("event: keepalive\ndata: {\"type\":\"keepalive\",\"sequence_number\":0}\n\n");
            String rest = client.body(head);
            assertThat(rest.substring(rest.indexOf("event: response."))).isEqualTo(ADDED + PART + DELTA + COMPLETED);
        }
    }

    @Test
    void aHeadThatLeftAloneIsFollowedByTheBeginningAtOnceOrByAFreshFailed() throws IOException {
        Pace hasty = new Pace(Duration.ofMillis(60), Duration.ofMillis(90), Duration.ofSeconds(60));
        try (DoorFixture quick =
                new DoorFixture(vertx, hasty).upstream("llm", peer.baseUrl()).open()) {
            peer.script(talk -> talk.stream()
                    .later(
                            300,
                            then -> then.chunk(CREATED)
                                    .later(
                                            300,
                                            last -> last.chunk(COMPLETED.replace(":4,", ":1,"))
                                                    .end())));
            try (WireClient client = new WireClient(quick.port())) {
                WireClient.Head head = client.postTo(PATH, STREAM).head();
                assertThat(head.header("x-understudy-served-by")).isEqualTo("pending");
                String chunk = client.chunk();
                while (chunk.equals(": keep-alive\n")) {
                    chunk = client.chunk();
                }
                assertThat(chunk).isEqualTo(CREATED);
            }
            peer.script(talk -> talk.stream().later(300, ScriptedPeer.Talk::close));
            String body = post(quick, STREAM).body();
            assertThat(body.substring(body.indexOf("event: ")))
                    .startsWith("event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,")
                    .contains("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":1,"
                            + "\"response\":{\"id\":\"resp_");
        }
    }

    @Test
    void aClientThatLeavesClosesTheUpstream() throws IOException {
        peer.script(talk -> talk.stream().chunk(CREATED + ADDED + PART + DELTA));
        try (WireClient client = new WireClient(fixture.port())) {
            client.postTo(PATH, STREAM).head();
            client.chunk();
        }
        await().atMost(Duration.ofSeconds(5)).until(() -> peer.open() == 0);
        assertThat(fixture.interaction().outcome()).isEqualTo(Interaction.Outcome.CLIENT_GONE);
    }

    @Test
    void aChainGoesOnWhereItBeganAndNowhereElse() throws IOException {
        try (ScriptedPeer other = new ScriptedPeer(vertx, talk -> talk.json(200, document("resp_2")));
                DoorFixture two = new DoorFixture(vertx)
                        .upstream("one", peer.baseUrl())
                        .upstream("two", other.baseUrl())
                        .open()) {
            peer.script(talk -> talk.json(500, "{}"));
            post(two, CALL);
            int asked = peer.talks().size();
            peer.script(talk -> talk.json(200, document("resp_1")));
            other.script(talk -> talk.json(500, "{\"error\":{\"message\":\"x\"}}"));

            WireClient.Answer next =
                    post(two, "{\"model\":\"m\",\"input\":\"hi\",\"previous_response_id\":\"resp_2\"}");

            assertThat(two.held.all()).containsEntry("local resp_2", new HeldIds.Owner("two", null));
            assertThat(two.held.lives()).containsEntry("local resp_2", HeldIds.Life.RESPONSES);
            assertThat(next.status()).isEqualTo(500);
            assertThat(peer.talks()).hasSize(asked);
            await().until(() -> two.recorded.size() == 2);
            Decision decision = Objects.requireNonNull(two.recorded.getLast().decision());
            assertThat(decision.basis()).isEqualTo(Decision.Basis.HELD_ID);
        }
    }

    @Test
    void whereNobodyCanSayWhoHoldsAnIdAnotherTryIsAskedForOnEveryPath() throws IOException {
        fixture.held.goAway();
        WireClient.Answer chain = post(fixture, "{\"model\":\"m\",\"previous_response_id\":\"resp_1\"}");
        WireClient.Answer passed;
        try (WireClient client = new WireClient(fixture.port())) {
            passed = client.send("GET /v1/files/file-1 HTTP/1.1\r\nhost: g\r\n\r\n")
                    .answer();
        }
        for (WireClient.Answer answer : List.of(chain, passed)) {
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("retry-after")).isNotNull();
            assertThat(answer.body())
                    .contains("It cannot be looked up at the moment who holds that id.")
                    .endsWith("\"code\":\"server_is_overloaded\"}}");
        }
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void whatNobodyHoldsIsNotFoundAndWhatTwoHoldIsRefused() throws IOException {
        fixture.held.bind("local", "resp_a", new HeldIds.Owner("llm", null), HeldIds.Life.RESPONSES);
        fixture.held.bind("local", "msg_b", new HeldIds.Owner("other", null), HeldIds.Life.RESPONSES);
        fixture.held.bind("else", "resp_c", new HeldIds.Owner("llm", null), HeldIds.Life.RESPONSES);
        String item = "\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_b\"}]";

        WireClient.Answer unknown = post(fixture, "{\"model\":\"m\",\"previous_response_id\":\"resp_c\"}");
        WireClient.Answer lost = post(fixture, "{\"model\":\"m\",\"conversation\":\"conv_x\"}");
        WireClient.Answer torn = post(fixture, "{\"model\":\"m\",\"previous_response_id\":\"resp_a\"," + item + "}");

        assertThat(unknown.status()).isEqualTo(400);
        assertThat(unknown.body())
                .endsWith("\"param\":\"previous_response_id\",\"code\":\"previous_response_not_found\"}}");
        assertThat(lost.status()).isEqualTo(404);
        assertThat(lost.body()).endsWith("\"param\":\"id\",\"code\":\"not_found\"}}");
        assertThat(torn.status()).isEqualTo(400);
        assertThat(torn.body()).endsWith("\"param\":\"input\",\"code\":\"unsupported_parameter\"}}");
        assertThat(peer.talks()).isEmpty();
    }

    @Test
    void encryptedContentGoesToItsMakerAndUnknownOneToAnybody() throws IOException {
        String reasoning = "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"gAAA\"}";
        peer.script(talk -> talk.json(
                200, "{\"id\":\"resp_1\",\"object\":\"response\",\"output\":[" + reasoning + "]," + USAGE + "}"));
        post(fixture, "{\"model\":\"m\",\"store\":false,\"input\":\"hi\"}");
        assertThat(fixture.held.all()).containsOnlyKeys("local " + HeldIds.ofContent("gAAA"));

        WireClient.Answer known = post(fixture, "{\"model\":\"m\",\"input\":[" + reasoning + "]}");
        WireClient.Answer unknown =
                post(fixture, "{\"model\":\"m\",\"input\":[" + reasoning.replace("gAAA", "gBBB") + "]}");

        assertThat(known.status()).isEqualTo(200);
        assertThat(unknown.status()).isEqualTo(200);
        await().until(() -> fixture.recorded.size() == 3);
        // on several loops, so in any order
        assertThat(fixture.recorded)
                .extracting(row -> Objects.requireNonNull(row.decision()).basis())
                .containsExactlyInAnyOrder(Decision.Basis.RULE, Decision.Basis.HELD_ID, Decision.Basis.RULE);
    }

    @Test
    void underAForwardedKeyAnIdBelongsToThatKey() throws IOException {
        ModelCard.Credential forward = new ModelCard.Credential.Forward();
        try (DoorFixture theirs = new DoorFixture(vertx)
                .upstream("llm", peer.baseUrl(), forward, DoorFixture.limits())
                .providerKey("sk-theirs")
                .open()) {
            post(theirs, CALL);

            HeldIds.Owner owner = Objects.requireNonNull(theirs.held.all().get("local resp_1"));
            assertThat(owner.upstream()).isEqualTo("llm");
            assertThat(owner.credential()).hasSize(8).doesNotContain("sk-");
            assertThat(post(theirs, "{\"model\":\"m\",\"input\":\"hi\",\"previous_response_id\":\"resp_1\"}")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aFileOfAChatCallIsHeldToo() throws IOException {
        String call = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\","
                + "\"file\":{\"file_id\":\"file-1\"}}]}]}";
        fixture.held.bind("local", "file-2", new HeldIds.Owner("llm", null), HeldIds.Life.KEPT);
        peer.script(talk -> talk.json(200, Chunks.document("read", 1, 1)));
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer unknown = client.post(call).answer();
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(unknown.body()).contains("'messages'").endsWith("\"param\":\"id\",\"code\":\"not_found\"}}");
            assertThat(client.post(call.replace("file-1", "file-2")).answer().status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aStreamIsNotResumedByNumbersThatWePutThere() throws IOException {
        peer.script(talk ->
                talk.stream().chunk(CREATED + ADDED + PART + DELTA + COMPLETED).end());
        post(fixture, STREAM);
        String resume = "GET /v1/responses/resp_1?stream=true&starting_after=3";
        peer.script(talk -> talk.json(200, document("resp_1")));
        try (WireClient client = new WireClient(fixture.port())) {
            assertThat(client.request(resume, null).answer().status()).isEqualTo(200);
        }
        // without the item's announcement, which is then put in
        peer.script(
                talk -> talk.stream().chunk(CREATED + PART + DELTA + COMPLETED).end());
        post(fixture, STREAM);
        int asked = peer.talks().size();

        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer refused = client.request(resume, null).answer();
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.body()).endsWith("\"param\":\"starting_after\",\"code\":\"unsupported_parameter\"}}");
        }
        assertThat(peer.talks()).hasSize(asked);
    }

    @Test
    void aWebSocketIsRefusedSoThatClientsGoOnByHttp() throws IOException {
        for (String path : new String[] {"/v1/responses", "/v1/realtime"}) {
            try (WireClient client = new WireClient(fixture.port())) {
                WireClient.Answer answer = client.send(
                                "GET " + path + "?model=m HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\n"
                                        + "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
                                        + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .answer();
                assertThat(answer.status()).isEqualTo(426);
                assertThat(answer.body()).contains("\"code\":\"websocket_not_supported\"");
            }
        }
        try (WireClient client = new WireClient(fixture.port())) {
            WireClient.Answer plain =
                    client.send("GET /v1/responses HTTP/1.1\r\nhost: x\r\n\r\n").answer();
            assertThat(plain.status()).isEqualTo(405);
            assertThat(plain.header("allow")).isEqualTo("POST");
        }
    }

    private static WireClient.Answer post(DoorFixture door, String json) throws IOException {
        try (WireClient client = new WireClient(door.port())) {
            return client.postTo(PATH, json).answer();
        }
    }

    private static String document(String id) {
        return "{\n \"id\": \"" + id + "\", \"object\": \"response\", \"error\": null, \"status\": \"completed\","
                + " \"output\": [], " + USAGE + "}";
    }

    private static String event(String type, int number, String members) {
        return "event: " + type + "\ndata: {\"type\":\"" + type + "\",\"sequence_number\":" + number + "," + members
                + "}\n\n";
    }
}
