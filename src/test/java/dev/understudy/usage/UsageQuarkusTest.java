package dev.understudy.usage;

import static io.restassured.RestAssured.given;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.admin.organization.usage.UsageCompletionsParams;
import com.openai.models.admin.organization.usage.UsageCompletionsResponse;
import com.openai.models.admin.organization.usage.UsageCostsParams;
import com.openai.models.admin.organization.usage.UsageCostsResponse;
import dev.understudy.access.SpendStore;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Interaction;
import dev.understudy.call.Tier;
import dev.understudy.call.TokenCount;
import dev.understudy.capture.CaptureWatch;
import dev.understudy.capture.Recorder;
import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import dev.understudy.testing.SampleCalls;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class UsageQuarkusTest {
    private final Recorder recorder;
    private final CaptureWatch watch;
    private final UsageQueries queries;
    private final RollupRefresh refresh;
    private final SpendStore spend;
    private final DataFolder folder;
    private final Pool pool;
    private final Instant now = Instant.now();

    @TestHTTPResource
    @SuppressWarnings("NullAway.Init") // the framework sets it before each test
    URI door;

    @Inject
    UsageQuarkusTest(
            Recorder recorder,
            CaptureWatch watch,
            UsageQueries queries,
            RollupRefresh refresh,
            SpendStore spend,
            DataFolder folder,
            Pool pool) {
        this.recorder = recorder;
        this.watch = watch;
        this.queries = queries;
        this.refresh = refresh;
        this.spend = spend;
        this.folder = folder;
        this.pool = pool;
    }

    @BeforeEach
    void beginEmpty() {
        for (String table : List.of(
                "interaction",
                "attempt",
                "body",
                "usage_delta",
                "rollup_dirty",
                "usage_hour",
                "usage_day",
                "latency_hour",
                "latency_day")) {
            pool.query("truncate understudy." + table).execute().await().indefinitely();
        }
    }

    @Test
    void rollUpsEqualDirectCounts() {
        Random random = new Random(11);
        List<Interaction> calls = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            calls.add(randomCall(random));
        }
        store(calls.subList(0, 500));
        refresh.refresh().await().indefinitely();
        store(calls.subList(500, 600));
        refresh.refresh().await().indefinitely();
        assertThat(refresh.refresh().await().indefinitely()).isZero();
        for (List<Dimension> groups : List.of(
                List.<Dimension>of(),
                List.of(Dimension.TIER),
                List.of(Dimension.DAY, Dimension.TEAM),
                List.of(Dimension.HOUR),
                List.of(Dimension.MODEL, Dimension.TIER),
                List.of(Dimension.TEAM, Dimension.APP, Dimension.RULE, Dimension.PHASE))) {
            UsageAnswer answer = ask(now.minus(Duration.ofDays(6)), groups);
            Map<List<String>, Long> counted = new java.util.HashMap<>();
            BigDecimal cost = BigDecimal.ZERO;
            for (UsageAnswer.Line line : answer.lines()) {
                counted.put(line.keys(), line.sums().calls());
                cost = cost.add(
                        line.sums().cost() == null
                                ? BigDecimal.ZERO
                                : line.sums().cost());
            }
            assertThat(answer.total().calls()).as("%s", groups).isEqualTo(600);
            assertThat(cost).as("%s", groups).isEqualByComparingTo(direct("sum(cost)"));
            assertThat(answer.total().errors())
                    .isEqualTo(
                            direct("count(*) filter (where outcome = 'failed')").longValue());
            assertThat(answer.total().denied())
                    .isEqualTo(
                            direct("count(*) filter (where outcome = 'denied')").longValue());
            assertThat(answer.total().inputTokens())
                    .isEqualTo(direct("sum(input_tokens)").longValue());
            assertThat(answer.total().unpriced())
                    .isEqualTo(direct("count(*) filter (where cost is null and outcome <> 'denied')")
                            .longValue());
            assertThat(answer.total().baseline())
                    .isEqualByComparingTo(direct("sum(baseline) filter (where cost is not null)"));
            if (groups.equals(List.of(Dimension.TIER))) {
                assertThat(counted.get(List.of("slm")))
                        .isEqualTo(
                                direct("count(*) filter (where tier = 'slm')").longValue());
            }
        }
        assertThat(ask(now.minus(Duration.ofDays(6)), List.of(Dimension.TIER)).tables())
                .contains("usage_hour", "usage_day");
    }

    @Test
    void whatAppsHaveSpentIsTheSumOfTheirCallsWhetherRolledUpOrNot() {
        Random random = new Random(12);
        List<Interaction> calls = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            calls.add(randomCall(random));
        }
        store(calls.subList(0, 200));
        refresh.refresh().await().indefinitely();
        store(calls.subList(200, 300));
        Instant from = now.minus(Duration.ofDays(3));
        Instant until = now.minus(Duration.ofHours(7)).plusSeconds(11);
        List<SpendStore.Spent> spent = spend.between(from, until).await().indefinitely();
        assertThat(spent).hasSize(4);
        for (SpendStore.Spent one : spent) {
            assertThat(one.cost())
                    .isPositive()
                    .isEqualByComparingTo(direct("sum(cost) filter (where ts >= '" + from + "' and ts < '" + until
                            + "' and team = '" + one.team() + "' and app = '" + one.app() + "')"));
        }
        assertThat(spend.between(until, until).await().indefinitely()).isEmpty();
    }

    @Test
    void whatWasSpentWithoutARowCountsToo() {
        store(List.of(SampleCalls.at(now.minusSeconds(60))
                .withRecord(CaptureOrder.Level.NONE)
                .next()));
        assertThat(spend.between(now.minusSeconds(4_000), now).await().indefinitely())
                .extracting(one -> one.cost().doubleValue())
                .containsExactly(0.0025);
    }

    @Test
    void countsCallsThatLeftNoRow() {
        List<Interaction> calls = new ArrayList<>();
        SampleCalls unrecorded = SampleCalls.at(now.minusSeconds(5)).withRecord(CaptureOrder.Level.NONE);
        for (int i = 0; i < 7; i++) {
            calls.add(unrecorded.next());
        }
        store(calls);
        UsageAnswer answer = ask(now.minus(Duration.ofHours(1)), List.of(Dimension.MODEL));
        assertThat(answer.lines()).hasSize(1);
        assertThat(answer.lines().getFirst().keys()).containsExactly("llm");
        assertThat(answer.total().calls()).isEqualTo(7);
        assertThat(direct("count(*)").longValue()).isZero();
    }

    @Test
    void findsPercentilesWithinABucket() {
        List<Interaction> calls = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            calls.add(SampleCalls.at(now.minus(Duration.ofHours(i % 5)))
                    .withLatency(i * 10_000L)
                    .next());
        }
        store(calls);
        refresh.refresh().await().indefinitely();
        UsageQuestion question = new UsageQuestion(
                List.of(Metric.P50_LATENCY, Metric.P95_LATENCY, Metric.P99_TTFT),
                List.of(Dimension.TIER),
                Map.of(),
                now.minus(Duration.ofHours(10)),
                now.plusSeconds(1),
                10,
                null);
        UsageAnswer.Line line =
                queries.ask(question).await().indefinitely().lines().getFirst();
        assertThat(value(line, Metric.P50_LATENCY)).isBetween(500_000 * 0.98, 500_000 * 1.02);
        assertThat(value(line, Metric.P95_LATENCY)).isBetween(950_000 * 0.98, 950_000 * 1.02);
        assertThat(value(line, Metric.P99_TTFT)).isBetween(495_000 * 0.98, 495_000 * 1.02);
    }

    @Test
    void answersThePeoplesDoor() {
        store(List.of(
                SampleCalls.at(now.minusSeconds(9)).withTier(Tier.SLM).next(),
                SampleCalls.at(now.minusSeconds(8)).next(),
                SampleCalls.at(now.minusSeconds(7)).next()));
        people().body(
                        "{\"metrics\":[\"calls\",\"slmShare\",\"cost\",\"p95Latency\"],\"groupBy\":[\"tier\"],\"from\":\"1h\"}")
                .post("/api/analytics/query")
                .then()
                .statusCode(200)
                .body("rows.tier", equalTo(List.of("llm", "slm")))
                .body("rows.calls", equalTo(List.of(2, 1)))
                .body("tables", equalTo(List.of("interaction")))
                .body("unpriced", equalTo(0))
                .body("total.calls", equalTo(3));
        String csv = people().body(
                        "{\"metrics\":[\"calls\"],\"groupBy\":[\"tier\",\"task\"],\"from\":\"1h\",\"format\":\"csv\"}")
                .post("/api/analytics/query")
                .then()
                .statusCode(200)
                .contentType("text/csv")
                .extract()
                .asString();
        assertThat(csv).isEqualTo("tier,task,calls\r\nllm,greet,2\r\nslm,greet,1\r\n");
        for (String group : List.of("hour", "day", "team", "app", "model", "tier", "task", "kind", "phase", "rule")) {
            people().body("{\"metrics\":[\"calls\",\"p95Latency\"],\"groupBy\":[\"" + group + "\"],\"from\":\"1h\"}")
                    .post("/api/analytics/query")
                    .then()
                    .statusCode(200)
                    .body("total.calls", equalTo(3));
        }
        people().get("/api/analytics/meta")
                .then()
                .statusCode(200)
                .body("metrics.name", hasItems("calls", "saved", "p99Overhead"))
                .body("groups", hasItems("task", "hour"));
        people().body("{\"metrics\":[\"calls\"],\"groupBy\":[\"tier; drop table interaction\"]}")
                .post("/api/analytics/query")
                .then()
                .statusCode(400)
                .body("error.param", equalTo("groupBy"));
        given().get("/v1/organization/usage/completions?start_time=1").then().statusCode(401);
    }

    @Test
    void speaksOpenAisShapes() throws StoreFailure {
        Instant today = now.truncatedTo(ChronoUnit.DAYS);
        store(List.of(
                SampleCalls.at(now.minusSeconds(9)).next(),
                SampleCalls.at(now.minusSeconds(8))
                        .withTeam("support", "chatbot")
                        .next(),
                SampleCalls.at(today.minus(Duration.ofHours(30))).next()));
        refresh.refresh().await().indefinitely();
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .adminApiKey(folder.adminToken())
                .apiKey("unused")
                .baseUrl(door.resolve("/v1").toString())
                .maxRetries(0)
                .build();
        UsageCompletionsResponse usage = client.admin()
                .organization()
                .usage()
                .completions(UsageCompletionsParams.builder()
                        .startTime(today.minus(Duration.ofDays(2)).getEpochSecond())
                        .addGroupBy(UsageCompletionsParams.GroupBy.PROJECT_ID)
                        .addGroupBy(UsageCompletionsParams.GroupBy.MODEL)
                        .build());
        usage.validate();
        assertThat(usage.data()).hasSize(3);
        assertThat(usage.hasMore()).isFalse();
        var first = usage.data().get(0).results().getFirst().asOrganizationUsageCompletions();
        assertThat(first.inputTokens()).isEqualTo(100);
        assertThat(first.numModelRequests()).isEqualTo(1);
        assertThat(first.model()).hasValue("llm");
        assertThat(usage.data().get(1).results()).isEmpty();
        assertThat(usage.data().get(2).results()).hasSize(2);
        UsageCostsResponse costs = client.admin()
                .organization()
                .usage()
                .costs(UsageCostsParams.builder()
                        .startTime(today.minus(Duration.ofDays(2)).getEpochSecond())
                        .addGroupBy(UsageCostsParams.GroupBy.LINE_ITEM)
                        .build());
        costs.validate();
        var cost = costs.data().get(2).results().getFirst().asOrganizationCosts();
        assertThat(cost.lineItem()).hasValue("llm");
        assertThat(cost.amount().orElseThrow().value()).hasValue(0.005);
        assertThat(cost.amount().orElseThrow().currency()).hasValue("usd");
        UsageCompletionsResponse page = client.admin()
                .organization()
                .usage()
                .completions(UsageCompletionsParams.builder()
                        .startTime(today.minus(Duration.ofDays(2)).getEpochSecond())
                        .limit(2)
                        .build());
        assertThat(page.hasMore()).isTrue();
        UsageCompletionsResponse last = client.admin()
                .organization()
                .usage()
                .completions(UsageCompletionsParams.builder()
                        .startTime(today.minus(Duration.ofDays(2)).getEpochSecond())
                        .limit(2)
                        .page(page.nextPage().orElseThrow())
                        .build());
        assertThat(last.data()).hasSize(1);
        assertThat(last.data().getFirst().startTime()).isEqualTo(today.getEpochSecond());
    }

    private Interaction randomCall(Random random) {
        SampleCalls call = SampleCalls.at(now.minusSeconds(random.nextLong(60, 5 * 86_400)))
                .withTeam(random.nextBoolean() ? "local" : "support", random.nextBoolean() ? "default" : "chatbot")
                .withTier(random.nextBoolean() ? Tier.SLM : Tier.LLM)
                .withTokens(new TokenCount(random.nextInt(5_000), 0, random.nextInt(500), TokenCount.Source.REPORTED))
                .withLatency(random.nextLong(1_000, 9_000_000));
        call = switch (random.nextInt(6)) {
            case 0 -> call.withOutcome(Interaction.Outcome.FAILED, 502);
            case 1 -> call.withOutcome(Interaction.Outcome.DENIED, 403);
            case 2 -> call.withCost(null, new BigDecimal("0.5"));
            default ->
                call.withCost(
                        BigDecimal.valueOf(random.nextInt(1_000), 5), BigDecimal.valueOf(random.nextInt(1_000), 5));
        };
        return new SampleCalls(
                        call.at(),
                        random,
                        call.team(),
                        call.app(),
                        call.model(),
                        call.body(),
                        call.answer(),
                        call.stream(),
                        call.tier(),
                        CaptureOrder.Level.METADATA,
                        call.outcome(),
                        call.status(),
                        call.task(),
                        call.cost(),
                        call.baseline(),
                        call.tokens(),
                        call.latencyMicros())
                .next();
    }

    private static double value(UsageAnswer.Line line, Metric metric) {
        return requireNonNull(line.value(metric), metric::toString).doubleValue();
    }

    private void store(List<Interaction> calls) {
        long before = watch.state().written();
        calls.forEach(recorder::record);
        await().atMost(Duration.ofSeconds(30)).until(() -> watch.state().written() - before >= calls.size());
    }

    private UsageAnswer ask(Instant from, List<Dimension> groups) {
        return queries.ask(new UsageQuestion(
                        List.of(Metric.CALLS, Metric.COST), groups, Map.of(), from, now.plusSeconds(1), 10_000, null))
                .await()
                .indefinitely();
    }

    private BigDecimal direct(String expression) {
        Row row = pool.query("select coalesce((" + expression + ")::numeric, 0) from understudy.interaction")
                .execute()
                .await()
                .indefinitely()
                .iterator()
                .next();
        return row.getBigDecimal(0);
    }

    private RequestSpecification people() {
        try {
            return given().header("Authorization", "Bearer " + folder.adminToken())
                    .contentType(ContentType.JSON);
        } catch (StoreFailure e) {
            throw new IllegalStateException(e);
        }
    }
}
