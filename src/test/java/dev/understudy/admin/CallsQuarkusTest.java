package dev.understudy.admin;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.capture.CaptureWatch;
import dev.understudy.capture.KeptBodies;
import dev.understudy.capture.Recorder;
import dev.understudy.database.DataFolder;
import dev.understudy.testing.SampleCalls;
import dev.understudy.usage.CallLog;
import dev.understudy.usage.Totals;
import io.quarkus.security.runtime.QuarkusPrincipal;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls that were written, as the people's door tells them. */
@QuarkusTest
class CallsQuarkusTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TestHTTPResource("/")
    @SuppressWarnings("NullAway.Init") // set by Quarkus before any test
    URI door;

    @Inject
    DataFolder folder;

    @Inject
    Recorder recorder;

    @Inject
    CaptureWatch capture;

    @Inject
    CallLog log;

    @Inject
    KeptBodies bodies;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void listsTheNewestFirstAndGoesOnWhereAPageEnded() throws Exception {
        Instant now = Instant.now();
        Interaction older = SampleCalls.at(now.minusSeconds(2)).next();
        Interaction newer = SampleCalls.at(now.plusSeconds(2)).next();
        record(older);
        record(newer);

        JsonNode first = get("/api/calls?limit=1");
        assertThat(first).hasSize(1);
        assertThat(first.at("/0/id").asText()).isEqualTo(id(newer));
        assertThat(first.at("/0/tier").asText()).isEqualTo("llm");
        assertThat(first.at("/0/task").asText()).isEqualTo("greet");
        assertThat(first.at("/0/cost").decimalValue()).isEqualByComparingTo("0.0025");

        JsonNode next = get("/api/calls?limit=500&before=" + id(newer));
        assertThat(next.findValuesAsText("id")).contains(id(older)).doesNotContain(id(newer));
    }

    @Test
    void tellsOneCallsWayWithItsContents() throws Exception {
        Interaction call = SampleCalls.at(Instant.now()).withTier(Tier.SLM).next();
        record(call);

        JsonNode one = get("/api/calls/" + id(call));

        assertThat(one.at("/story/line/servedModel").asText()).isEqualTo("starter");
        assertThat(one.at("/story/reasons/kind").asText()).isEqualTo("a schema was asked for");
        assertThat(one.at("/story/attempts/0/startMicros").asLong()).isEqualTo(200);
        assertThat(one.at("/story/attempts/0/firstContentMicros").asLong()).isEqualTo(60_000);
        assertThat(one.at("/story/attempts/0/endMicros").asLong()).isEqualTo(119_990);
        assertThat(one.at("/story/attempts/0/accepted").asBoolean()).isTrue();
        assertThat(one.at("/story/attempts/0/verify/0/step").asText()).isEqualTo("end");
        assertThat(one.at("/story/attempts/0/verify/0/micros").asLong()).isEqualTo(2);
        assertThat(one.at("/bodies").findValuesAsText("json").getFirst()).contains("\"content\":\"hello\"");
        assertThat(one.at("/bodies/1/n").asInt()).isEqualTo(1);
    }

    @Test
    void keepsContentsFromThoseWhoMayOnlyReadFigures() throws Exception {
        Interaction call = SampleCalls.at(Instant.now()).next();
        record(call);
        var analyst = QuarkusSecurityIdentity.builder()
                .setPrincipal(new QuarkusPrincipal("somebody"))
                .addRole(Roles.ANALYST)
                .build();

        Object answer = new CallsResource(log, bodies, analyst)
                .one(id(call))
                .await()
                .atMost(PATIENCE)
                .getEntity();

        assertThat(answer)
                .isInstanceOfSatisfying(
                        OneCall.class, one -> assertThat(one.bodies()).isNull());
    }

    @Test
    void sendsCallsToAWatcherTheMomentTheyEnd() throws Exception {
        HttpResponse<Stream<String>> events = http.send(request("/api/events"), HttpResponse.BodyHandlers.ofLines());
        assertThat(events.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        try (Stream<String> lines = events.body()) {
            Iterator<String> line = lines.iterator();
            assertThat(line.next()).startsWith(":"); // the watcher is known to the feed from here on
            Interaction call = SampleCalls.at(Instant.now()).withTask("watched").next();
            recorder.record(call);

            String data = "";
            while (!data.contains(id(call))) {
                data = line.next();
            }
            JsonNode event = JSON.readTree(data.substring("data:".length()));
            assertThat(event.at("/missed").asInt()).isZero();
            assertThat(event.at("/calls").findValuesAsText("task")).contains("watched");
        }
    }

    @Test
    void countsWhatCallsCostAndSaved() throws Exception {
        Instant since = Instant.now().minusSeconds(3_600);
        SampleCalls calls = SampleCalls.at(Instant.now());
        BigDecimal llm = new BigDecimal("0.0100");
        record(calls.next()); // so that no sum is null
        Totals before = log.totals(since).await().atMost(PATIENCE);

        record(calls.withTier(Tier.SLM).withCost(new BigDecimal("0.0001"), llm).next());
        record(calls.withCost(llm, llm).next());
        record(calls.withCost(null, llm).next());
        record(calls.withOutcome(Interaction.Outcome.DENIED, 403).next());
        record(calls.withOutcome(Interaction.Outcome.FAILED, 502)
                .withCost(llm, llm)
                .next());
        Totals after = log.totals(since).await().atMost(PATIENCE);

        assertThat(after.calls() - before.calls()).isEqualTo(5);
        assertThat(after.slm() - before.slm()).isEqualTo(1);
        assertThat(after.llm() - before.llm()).isEqualTo(3);
        assertThat(after.denied() - before.denied()).isEqualTo(1);
        assertThat(after.failed() - before.failed()).isEqualTo(1);
        assertThat(after.unpriced() - before.unpriced()).isEqualTo(1);
        assertThat(difference(after.cost(), before.cost())).isEqualByComparingTo("0.0201");
        assertThat(difference(after.baseline(), before.baseline())).isEqualByComparingTo("0.0300");
        assertThat(difference(after.saved(), before.saved())).isEqualByComparingTo("0.0099");
        assertThat(after.slmShare()).isEqualTo((double) after.slm() / (after.slm() + after.llm()));
        assertThat(after.p95Micros()).isPositive();
    }

    private static BigDecimal difference(@Nullable BigDecimal after, @Nullable BigDecimal before) {
        return requireNonNull(after).subtract(requireNonNull(before));
    }

    @Test
    void saysHowThingsStand() throws Exception {
        record(SampleCalls.at(Instant.now()).next());

        JsonNode summary = get("/api/summary");

        assertThat(summary.at("/baseUrl").asText()).matches("http://localhost:[1-9][0-9]*/v1");
        assertThat(summary.at("/currency").asText()).isEqualTo("USD");
        assertThat(summary.at("/day/calls").asLong()).isPositive();
        assertThat(summary.at("/models").findValuesAsText("name")).isNotEmpty();
        assertThat(summary.at("/policy/revision").asText()).matches("[0-9a-f]{12}");
        assertThat(summary.at("/policy/problems")).isEmpty();
        assertThat(summary.at("/capture/databaseReachable").asBoolean()).isTrue();
        assertThat(summary.at("/capture/written").asLong()).isPositive();
    }

    @Test
    void asksFourQuestionsOfHealthAndLetsTwoDecide() throws Exception {
        assertThat(names("/q/health/ready")).contains("policy", "models").doesNotContain("database", "capture");
        assertThat(names("/q/health/well")).contains("database", "capture", "cuda");
    }

    private List<String> names(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(door.resolve(path)).build();
        String body = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return JSON.readTree(body).at("/checks").findValuesAsText("name");
    }

    private void record(Interaction call) {
        recorder.record(call);
        await().atMost(PATIENCE)
                .until(() ->
                        log.story(call.call().id()).await().atMost(PATIENCE).isPresent());
    }

    private JsonNode get(String path) throws Exception {
        HttpResponse<String> answer = http.send(request(path), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private HttpRequest request(String path) throws Exception {
        return HttpRequest.newBuilder(door.resolve(path))
                .header("authorization", "Bearer " + folder.adminToken())
                .build();
    }

    private static String id(Interaction call) {
        return call.call().id().toString();
    }
}
