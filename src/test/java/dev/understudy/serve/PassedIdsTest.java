package dev.understudy.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.access.HeldIds;
import dev.understudy.access.HeldIds.Owner;
import dev.understudy.call.Secret;
import dev.understudy.model.ModelCard;
import dev.understudy.testing.Blocking;
import dev.understudy.testing.Chunks;
import dev.understudy.testing.ScriptedPeer;
import dev.understudy.testing.WireClient;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an upstream holds for a team stays with that upstream, and with that team. */
class PassedIdsTest {
    private static final ModelCard.Credential OURS = new ModelCard.Credential.Ours(new Secret("sk-ours"));

    private final Vertx vertx = Vertx.vertx();
    private ScriptedPeer one;
    private ScriptedPeer two;
    private DoorFixture fixture;

    @BeforeEach
    void open() {
        one = new ScriptedPeer(vertx, talk -> talk.json(200, "{\"from\":\"one\"}"));
        two = new ScriptedPeer(vertx, talk -> talk.json(200, "{\"from\":\"two\"}"));
        fixture = new DoorFixture(vertx)
                .upstream("one", one.baseUrl(), OURS, DoorFixture.limits())
                .upstream("two", two.baseUrl(), OURS, DoorFixture.limits())
                .open();
    }

    @AfterEach
    void close() {
        fixture.close();
        one.close();
        two.close();
        Blocking.get(vertx.close());
    }

    private WireClient.Answer ask(String line, @Nullable String json) throws IOException {
        try (WireClient client = new WireClient(fixture.port())) {
            return client.request(line, json).answer();
        }
    }

    private static Owner owner(String model) {
        return new Owner(model, null);
    }

    private void hold(String team, String id, String model) {
        fixture.held.bind(team, id, owner(model), HeldIds.Life.KEPT);
    }

    @Test
    void whatACreatingPathShowsBelongsToTheTeamAndGoesToItsOwner() throws IOException {
        fixture.decided("two");
        two.script(talk -> talk.json(200, "{\"id\":\"batch_1\",\"input_file_id\":\"file-in\"}"));
        assertThat(ask("POST /v1/batches", "{\"endpoint\":\"/v1/embeddings\"}").status())
                .isEqualTo(200);
        assertThat(fixture.held.all()).containsOnlyKeys("local batch_1");

        fixture.decided("one");
        two.script(talk -> talk.json(
                200,
                "{\"id\":\"batch_1\",\"output_file_id\":\"file-out\",\"error_file_id\":null,"
                        + "\"metadata\":{\"id\":\"mine\"}}"));
        assertThat(ask("GET /v1/batches/batch_1", null).status()).isEqualTo(200);
        assertThat(fixture.held.all())
                .containsOnlyKeys("local batch_1", "local file-out")
                .containsEntry("local file-out", owner("two"));

        two.script(talk -> talk.json(200, "{\"from\":\"two\"}"));
        assertThat(ask("GET /v1/files/file-out/content", null).body()).contains("two");
        assertThat(one.talks()).isEmpty();
        assertThat(two.talks().getLast().head()).startsWith("GET /v1/files/file-out/content HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"conversation\":\"held\"}",
                "{\"model\":\"m\",\"conversation\":{\"id\":\"held\"}}",
                "{\"model\":\"m\",\"previous_response_id\":\"held\"}",
                "{\"model\":\"m\",\"input\":[{\"id\":\"held\",\"type\":\"item_reference\"}]}",
                "{\"model\":\"m\",\"input\":[{\"content\":[{\"type\":\"input_file\",\"file_id\":\"held\"}]}]}",
                "{\"model\":\"m\",\"input_file_id\":\"held\"}",
            })
    void aBodysIdsChooseTheUpstreamAndAreUnknownToOtherTeams(String body) throws IOException {
        hold("local", "held", "two");
        assertThat(ask("POST /v1/responses/input_tokens", body).body()).contains("two");
        fixture.team("others");
        WireClient.Answer unknown = ask("POST /v1/responses/input_tokens", body);
        if (body.contains("previous_response_id")) {
            assertThat(unknown.status()).isEqualTo(400);
            assertThat(unknown.body()).contains("previous_response_not_found");
        } else {
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(unknown.body()).contains("\"code\":\"not_found\"").contains("\"param\":\"id\"");
        }
        assertThat(one.talks()).isEmpty();
        assertThat(two.talks()).hasSize(1);
    }

    @Test
    void idsInWhatACallerWritesForItselfNameNothing() throws IOException {
        assertThat(ask("POST /v1/conversations", "{\"metadata\":{\"file_id\":\"x\"}}")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void encryptedContentGoesToItsMakerAndElseWhereverTheRuleSays() throws IOException {
        String content = "gAAAA" + "x".repeat(5_000);
        String body =
                "{\"model\":\"m\",\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":\"" + content + "\"}]}";
        assertThat(ask("POST /v1/responses/input_tokens", body).body()).contains("one");
        two.script(talk -> talk.json(
                200,
                "{\"id\":\"resp_1\",\"output\":[{\"id\":\"rs_1\",\"encrypted_content\":\"" + content
                        + "\"}],\"from\":\"two\"}"));
        fixture.decided("two");
        assertThat(ask("POST /v1/responses/compact", body).status()).isEqualTo(200);
        fixture.decided("one");
        assertThat(ask("POST /v1/responses/input_tokens", body).body()).contains("two");
        assertThat(fixture.held.all())
                .containsOnlyKeys("local resp_1", "local rs_1", "local " + HeldIds.ofContent(content));
    }

    @Test
    void twoOwnersAreOneTooMany() throws IOException {
        hold("local", "file-1", "one");
        hold("local", "conv_2", "two");
        WireClient.Answer answer = ask(
                "POST /v1/responses/input_tokens",
                "{\"model\":\"m\",\"conversation\":\"conv_2\",\"x\":{\"file_id\":\"file-1\"}}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("unsupported_parameter").contains("\"param\":\"file_id\"");
        assertThat(one.talks()).isEmpty();
        assertThat(two.talks()).isEmpty();
    }

    @Test
    void anOwnerThatIsNoLongerConfiguredIsNotReplacedByAnother() throws IOException {
        hold("local", "file-3", "gone");
        WireClient.Answer answer = ask("GET /v1/files/file-3", null);
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).contains("\"code\":\"not_found\"");
        assertThat(one.talks()).isEmpty();
    }

    @Test
    void aDeletionThatSucceedsForgetsTheIdAndOneThatFailsDoesNot() throws IOException {
        hold("local", "file-1", "one");
        one.script(talk -> talk.json(500, "{\"error\":{\"message\":\"no\"}}"));
        assertThat(ask("DELETE /v1/files/file-1", null).status()).isEqualTo(500);
        assertThat(fixture.held.all()).hasSize(1);
        one.script(talk -> talk.json(200, "{\"id\":\"file-1\",\"object\":\"file\",\"deleted\":true}"));
        assertThat(ask("DELETE /v1/files/file-1", null).status()).isEqualTo(200);
        assertThat(fixture.held.all()).isEmpty();
        assertThat(ask("GET /v1/files/file-1", null).status()).isEqualTo(404);
    }

    @Test
    void aListShowsTheTeamsOwnEntriesWithTheirCursors() throws IOException {
        hold("local", "file-b", "one");
        hold("local", "file-d", "one");
        one.script(talk -> talk.json(
                200,
                "{\"object\":\"list\",\"data\":[{\"id\":\"file-a\"},{ \"id\":\"file-b\",\"bytes\":1e3 },{\"id\":\"file-c\"},"
                        + "{\"id\":\"file-d\"},{\"id\":\"file-e\"}],"
                        + "\"first_id\":\"file-a\",\"last_id\":\"file-e\",\"has_more\":false}",
                "x-request-id: up"));
        WireClient.Answer answer = ask("GET /v1/files?purpose=batch", null);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"object\":\"list\",\"data\":[{ \"id\":\"file-b\",\"bytes\":1e3 },{\"id\":\"file-d\"}],"
                        + "\"first_id\":\"file-b\",\"last_id\":\"file-d\",\"has_more\":false}");
        assertThat(answer.header("x-understudy-upstream-request-id")).isEqualTo("up");
        assertThat(one.talks().getFirst().head()).startsWith("GET /v1/files?purpose=batch HTTP");

        fixture.team("others");
        assertThat(ask("GET /v1/files", null).body())
                .isEqualTo("{\"object\":\"list\",\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}");
        assertThat(fixture.held.all()).hasSize(2);
    }

    @Test
    void pagesFullOfOthersEntriesAreReadOnUntilThePageIsFull() throws IOException {
        hold("local", "batch_3", "one");
        hold("local", "batch_5", "one");
        hold("local", "batch_6", "one");
        List<String> asked = new ArrayList<>();
        one.script(talk -> {
            asked.add(talk.head().split(" ")[1]);
            int from = (asked.size() - 1) * 2 + 1;
            boolean more = asked.size() < 4;
            talk.json(
                    200,
                    "{\"data\":[{\"id\":\"batch_" + from + "\"},{\"id\":\"batch_" + (from + 1) + "\"}],\"has_more\":"
                            + more + "}");
        });
        assertThat(ask("GET /v1/batches?limit=2", null).body())
                .isEqualTo("{\"object\":\"list\",\"data\":[{\"id\":\"batch_3\"},{\"id\":\"batch_5\"}],"
                        + "\"first_id\":\"batch_3\",\"last_id\":\"batch_5\",\"has_more\":true}");
        assertThat(asked)
                .containsExactly(
                        "/v1/batches?limit=2",
                        "/v1/batches?after=batch_2&limit=100",
                        "/v1/batches?after=batch_4&limit=100");
        assertThat(ask("GET /v1/batches?after=batch_9", null).status()).isEqualTo(404);
    }

    @Test
    void aPageThatIsNoListIsNotShown() throws IOException {
        one.script(talk -> talk.json(200, "{\"object\":\"oops\"}"));
        WireClient.Answer answer = ask("GET /v1/files", null);
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.body()).contains("upstream_malformed_response");
    }

    @Test
    void underACallersOwnKeyUnknownIdsGoWhereTheRuleSaysAndListsPassUntouched() throws IOException {
        String list = "{\"object\":\"list\",\"data\":[{\"id\":\"file-a\"}],\"has_more\":false}";
        one.script(talk -> talk.json(200, talk.head().startsWith("GET /v1/files ") ? list : "{\"id\":\"file-a\"}"));
        try (DoorFixture forwarding = new DoorFixture(vertx)
                .upstream("one", one.baseUrl(), new ModelCard.Credential.Forward(), DoorFixture.limits())
                .providerKey("sk-callers-own")
                .open()) {
            try (WireClient client = new WireClient(forwarding.port())) {
                assertThat(client.request("GET /v1/files", null).answer().body())
                        .isEqualTo(list);
                assertThat(forwarding.held.all()).isEmpty();
                assertThat(client.request("GET /v1/files/file-a", null).answer().status())
                        .isEqualTo(200);
            }
            assertThat(one.talks().getLast().header("authorization")).isEqualTo("Bearer sk-callers-own");
            assertThat(forwarding.held.all())
                    .containsExactly(
                            java.util.Map.entry("local file-a", Owner.of("one", new Secret("sk-callers-own"))));
            assertThat(forwarding.held.all().toString()).doesNotContain("sk-callers-own");
        }
    }

    @Test
    void anIdIsEncodedAnewAndCannotLeaveItsPlace() throws IOException {
        hold("local", "a?b#c d", "one");
        assertThat(ask("GET /v1/files/a%3Fb%23c%20d?after=x&include[]=y", null).status())
                .isEqualTo(200);
        assertThat(one.talks().getFirst().head()).startsWith("GET /v1/files/a%3Fb%23c%20d HTTP/1.1\r\n");
    }

    @Test
    void aResponseWhoseEventsWereNumberedAnewCannotBeResumed() throws IOException {
        hold("local", "resp_1", "one");
        assertThat(ask("GET /v1/responses/resp_1?stream=true&starting_after=3", null)
                        .status())
                .isEqualTo(200);
        hold("local", Holders.renumbered("resp_1"), "one");
        WireClient.Answer answer = ask("GET /v1/responses/resp_1?stream=true&starting_after=3", null);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("\"param\":\"starting_after\"");
        assertThat(ask("GET /v1/responses/resp_1?stream=true", null).status()).isEqualTo(200);
        assertThat(one.talks()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChatThatIsStoredBelongsToTheTeamThatAskedForIt(boolean stream) throws IOException {
        two.script(talk -> {
            if (stream) {
                talk.stream().event(Chunks.role()).content("hi").finish();
            } else {
                talk.json(200, Chunks.document("hi", 1, 1));
            }
        });
        fixture.decided("two");
        String body = "{\"model\":\"m\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";
        ask("POST /v1/chat/completions", body + "}");
        assertThat(fixture.held.all()).isEmpty();
        ask("POST /v1/chat/completions", body + ",\"store\":true}");
        assertThat(fixture.held.all()).hasSize(1).containsValue(owner("two"));
        fixture.decided("one");
        String id = fixture.held.all().keySet().iterator().next().substring("local ".length());
        two.script(talk -> talk.json(200, "{\"from\":\"two\"}"));
        assertThat(ask("GET /v1/chat/completions/" + id + "/messages", null).body())
                .contains("two");
    }

    @Test
    void knownParametersGoOnWithTheirBrackets() throws IOException {
        hold("local", "resp_1", "one");
        ask("GET /v1/responses/resp_1?include[]=a.b&include[]=c%20d&stream=true&foo=1", null);
        assertThat(one.talks().getFirst().head())
                .startsWith("GET /v1/responses/resp_1?include%5B%5D=a.b&include%5B%5D=c%20d&stream=true HTTP/1.1\r\n");
    }
}
