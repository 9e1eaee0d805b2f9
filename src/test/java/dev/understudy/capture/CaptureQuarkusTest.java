package dev.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.luben.zstd.Zstd;
import dev.understudy.call.Attempt;
import dev.understudy.call.CaptureOrder;
import dev.understudy.call.Decision;
import dev.understudy.call.Demands;
import dev.understudy.call.Interaction;
import dev.understudy.call.LateAttempt;
import dev.understudy.call.Tier;
import dev.understudy.testing.SampleCalls;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@QuarkusTest
class CaptureQuarkusTest {
    private static final String SECRET = "sk-proj-Pl4ntedC4naryS3cretOfTheTest9";

    private final Recorder recorder;
    private final CaptureWatch watch;
    private final LiveFeed feed;
    private final TableSink sink;
    private final Pool pool;
    private final MeterRegistry meters;
    private final SampleCalls calls = SampleCalls.at(Instant.now());

    @Inject
    CaptureQuarkusTest(
            Recorder recorder, CaptureWatch watch, LiveFeed feed, TableSink sink, Pool pool, MeterRegistry meters) {
        this.recorder = recorder;
        this.watch = watch;
        this.feed = feed;
        this.sink = sink;
        this.pool = pool;
        this.meters = meters;
    }

    @Test
    void writesOneRowACallWithEverythingInItsPlace() {
        Interaction call = calls.withTier(Tier.SLM).next();
        AssertSubscriber<CallLine> watcher = feed.lines().subscribe().withSubscriber(AssertSubscriber.create(10));
        recorder.record(call);
        recorder.record(call);
        UUID id = call.call().id();
        Row row = one("select *, facts->>'task' as task, facts->>'why' as why from interaction where id = $1", id);
        assertThat(row.getString("team")).isEqualTo("local");
        assertThat(row.getInteger("run")).isPositive();
        assertThat(row.getLong("seq")).isPositive();
        assertThat(row.getString("model")).isEqualTo("gpt-4o-mini");
        assertThat(row.getString("site")).isEqualTo("0123456789abcdef");
        assertThat(row.getString("kind")).isEqualTo("extract");
        assertThat(row.getString("phase")).isEqualTo("user_turn");
        assertThat(row.getString("rule")).isEqualTo("everyone/default");
        assertThat(row.getString("tier")).isEqualTo("slm");
        assertThat(row.getString("served_model")).isEqualTo("starter");
        assertThat(row.getString("outcome")).isEqualTo("completed");
        assertThat(row.getInteger("status")).isEqualTo(200);
        assertThat(row.getInteger("input_tokens")).isEqualTo(100);
        assertThat(row.getInteger("latency_us")).isEqualTo(120_000);
        assertThat(row.getBigDecimal("cost")).isEqualByComparingTo("0.0025");
        assertThat(row.getInteger("purposes")).isEqualTo(5);
        assertThat(row.getString("task")).isEqualTo("greet");
        assertThat(row.getString("why")).isEqualTo("rule everyone/default asks starter");
        Row attempt = one("select * from attempt where id = $1", id);
        assertThat(attempt.getString("role")).isEqualTo("serve");
        assertThat(attempt.getInteger("ttft_us")).isEqualTo(59_800);
        assertThat(attempt.getLong("device_us")).isEqualTo(5_000);
        assertThat(body(id, 0)).isEqualTo(new String(call.call().body(), StandardCharsets.UTF_8));
        assertThat(body(id, 1)).contains("\"content\":\"hi\"");
        assertThat(number("select count(*) from interaction where id = $1", id)).isEqualTo(1);
        await().untilAsserted(() -> assertThat(watcher.getItems()).hasSize(2));
        assertThat(watcher.getItems().getFirst().why()).isEqualTo("rule everyone/default asks starter");
        watcher.cancel();
    }

    @Test
    void writesHowACallWasDrawnAndWhatItsMirrorDid() {
        Interaction call = drawn(calls.next());
        UUID id = call.call().id();
        recorder.record(call);
        recorder.record(new LateAttempt(
                call.call(),
                "local",
                CaptureOrder.Level.FULL,
                mirror(call.attempts().getFirst())));
        Row row = one("select *, facts->'demands'->>'budget_ms' as budget from interaction where id = $1", id);
        assertThat(row.getInteger("bucket")).isEqualTo(9_190);
        assertThat(row.getString("action")).isEqualTo("shadow");
        assertThat(row.getString("mirror")).isEqualTo("rule");
        assertThat(row.getDouble("mirror_p")).isEqualTo(0.5);
        assertThat(row.getString("escalation")).isEqualTo("schema");
        assertThat(row.getString("budget")).isEqualTo("2500");
        Row late = one("select *, facts->>'mean_margin' as mean from attempt where id = $1 and n = 2", id);
        assertThat(late.getString("role")).isEqualTo("mirror");
        assertThat(late.getBoolean("accepted")).isFalse();
        assertThat(late.getBigDecimal("cost")).isEqualByComparingTo("0.001");
        assertThat(late.getString("mean")).isEqualTo("4.5");
        assertThat(body(id, 2)).isEqualTo("{\"object\":\"raw_text\",\"text\":\"half a call\"}");
        // The mirror is no cost of the call's, but one of learning.
        assertThat(row.getBigDecimal("cost")).isEqualByComparingTo("0.0025");
        number("select refresh_dirty()", null);
        Row hour =
                one("select cost, learning from usage_hour where rule = 'everyone/drawn' and $1::uuid is not null", id);
        assertThat(hour.getBigDecimal("cost")).isEqualByComparingTo("0.0025");
        assertThat(hour.getBigDecimal("learning")).isEqualByComparingTo("0.001");
    }

    private static Interaction drawn(Interaction plain) {
        Decision was = Objects.requireNonNull(plain.decision());
        Decision decision = new Decision(
                was.revision(),
                "everyone/drawn",
                Decision.Action.SHADOW,
                was.targets(),
                was.dropped(),
                was.basis(),
                9_190,
                0.5,
                new Decision.Mirror("starter", Decision.Mirror.Reason.RULE, 0.5, 8),
                new Demands(Duration.ofMillis(2_500), null, Demands.Secrets.OFF, List.of()),
                was.capture(),
                null,
                was.why());
        return new Interaction(
                plain.call(),
                plain.caller(),
                plain.signals(),
                decision,
                plain.attempts(),
                plain.served(),
                plain.route(),
                plain.outcome(),
                plain.status(),
                plain.error(),
                "schema",
                plain.overheadMicros(),
                plain.firstContentMicros(),
                plain.endMicros(),
                plain.cost(),
                plain.baseline());
    }

    private static Attempt mirror(Attempt like) {
        return new Attempt(
                2,
                Attempt.Role.MIRROR,
                Tier.SLM,
                "starter",
                "abcdef",
                like.endMicros(),
                3L,
                null,
                like.endMicros() + 10_000,
                null,
                "unparsed",
                "stop",
                like.tokens(),
                "cpu",
                9_000L,
                null,
                4.5,
                List.of(),
                false,
                null,
                "half a call",
                null,
                new BigDecimal("0.001"));
    }

    @Test
    void writesCallsThatWereDeniedFailedOrLeft() {
        Interaction denied = calls.withOutcome(Interaction.Outcome.DENIED, 403).next();
        Interaction failed = calls.withOutcome(Interaction.Outcome.FAILED, 502)
                .withAnswer(null, false)
                .next();
        Interaction left =
                calls.withOutcome(Interaction.Outcome.CLIENT_GONE, 499).next();
        Interaction refused = calls.nextRefused(400, "invalid_json");
        for (Interaction call : List.of(denied, failed, left, refused)) {
            recorder.record(call);
        }
        for (Interaction call : List.of(denied, failed, left, refused)) {
            Row row = one(
                    "select outcome, status, error from interaction where id = $1",
                    call.call().id());
            assertThat(row.getString("outcome")).isEqualTo(call.outcome().wire());
            assertThat(row.getInteger("status")).isEqualTo(call.status());
            assertThat(row.getString("error")).isEqualTo(call.error());
        }
        assertThat(number(
                        "select count(*) from attempt where id = $1",
                        denied.call().id()))
                .isZero();
        assertThat(number(
                        "select count(*) from body where id = $1",
                        refused.call().id()))
                .isZero();
    }

    @Test
    void keepsASecretOutOfEveryTableAndMeter() {
        String stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"it is "
                + SECRET.substring(0, 12) + "\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                + SECRET.substring(12) + "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        Interaction call = calls.withModel(SECRET)
                .withTask(SECRET)
                .withBody("{\"model\":\"" + SECRET + "\",\"messages\":[{\"role\":\"user\",\"content\":\"key " + SECRET
                        + "\"}]}")
                .withAnswer(stream, true)
                .next();
        recorder.record(call);
        one("select id from interaction where id = $1", call.call().id());
        assertThat(body(call.call().id(), 0)).contains("key <SECRET>").doesNotContain("C4nary");
        assertThat(body(call.call().id(), 1)).contains("it is <SECRET>").doesNotContain("C4nary");
        for (String table : List.of("interaction", "attempt", "body", "usage_delta")) {
            assertThat(number("select count(*) from " + table + " t where t::text like '%C4nary%'", null))
                    .as(table)
                    .isZero();
        }
        assertThat(meters.getMeters().stream().map(meter -> meter.getId().toString()))
                .noneMatch(name -> name.contains("C4nary"));
    }

    @Test
    void keepsTextThatPostgresRefuses() {
        Interaction call = calls.withModel("a\0b").withTask("c\0d\uD800").next();
        recorder.record(call);
        assertThat(one(
                                "select model from interaction where id = $1",
                                call.call().id())
                        .getString(0))
                .isEqualTo("a\uFFFDb");
    }

    @Test
    void writesRowsOfADayForWhichThereAreNoTablesYet() {
        Interaction call =
                calls.withAt(Instant.parse("2026-01-05T23:59:59.999Z")).next();
        recorder.record(call);
        assertThat(one(
                                "select tableoid::regclass::text from interaction where id = $1",
                                call.call().id())
                        .getString(0))
                .isEqualTo("interaction_20260105");
    }

    @Test
    void writesNoBodyWhereOnlyMetadataIsWanted() {
        Interaction call = calls.withRecord(CaptureOrder.Level.METADATA).next();
        recorder.record(call);
        one("select id from interaction where id = $1", call.call().id());
        assertThat(number("select count(*) from body where id = $1", call.call().id()))
                .isZero();
    }

    @Test
    void leavesRowsAloneOnceTheyAreWritten() {
        Interaction call = calls.next();
        recorder.record(call);
        one("select id from interaction where id = $1", call.call().id());
        assertThat(pool.preparedQuery("update interaction set team = 'x' where id = $1")
                        .execute(Tuple.of(call.call().id()))
                        .onFailure()
                        .recoverWithNull()
                        .await()
                        .indefinitely())
                .isNull();
    }

    @Test
    void tellsARefusedRowFromADatabaseThatIsAway() {
        CallRows good = new RowMaker(new ArgumentsHash(new byte[32])).rows(1, calls.next());
        Objects.requireNonNull(good.interaction())[4] = null; // team, which must not be null
        CaptureBatch batch = new CaptureBatch(List.of(good), List.of());
        Throwable failure = sink.store(batch)
                .onItem()
                .transform(done -> (Throwable) null)
                .onFailure()
                .recoverWithItem(thrown -> thrown)
                .await()
                .atMost(Duration.ofSeconds(10));
        assertThat(failure).isInstanceOf(BatchSink.Refused.class).hasMessage("refused, state 23502");
    }

    @Test
    void writesManyCallsASecond() {
        List<Interaction> many = new ArrayList<>();
        SampleCalls sample = calls.withBody("{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\""
                + words(600) + "\"},{\"role\":\"user\",\"content\":\"hello\"}]}");
        for (int i = 0; i < 10_000; i++) {
            many.add(sample.next());
        }
        long before = watch.state().written();
        long start = System.nanoTime();
        many.forEach(recorder::record);
        long offered = System.nanoTime();
        await().atMost(Duration.ofSeconds(60)).until(() -> watch.state().written() - before >= 10_000);
        long end = System.nanoTime();
        System.out.printf(
                "capture: %d bytes a request, offering %.1f us a call, %.0f full captures/s%n",
                many.getFirst().call().body().length,
                (offered - start) / 1e3 / many.size(),
                many.size() / ((end - start) / 1e9));
        assertThat(watch.state().lost()).isZero();
    }

    private static String words(int count) {
        Random random = new Random(3);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("word").append(random.nextInt(500)).append(' ');
        }
        return text.toString();
    }

    private String body(UUID id, int n) {
        Row row = one("select codec, data from body where id = $1 and n = " + n, id);
        byte[] data = row.getBuffer("data").getBytes();
        byte[] json = row.getInteger("codec") == 0 ? data : Zstd.decompress(data, (int) Zstd.getFrameContentSize(data));
        return new String(json, StandardCharsets.UTF_8);
    }

    private Row one(String sql, UUID id) {
        return await().until(
                        () -> {
                            var rows = pool.preparedQuery(sql)
                                    .execute(Tuple.of(id))
                                    .await()
                                    .indefinitely();
                            return rows.size() == 0 ? null : rows.iterator().next();
                        },
                        row -> row != null);
    }

    private long number(String sql, @Nullable UUID id) {
        var query = pool.preparedQuery(sql);
        var rows = (id == null ? query.execute() : query.execute(Tuple.of(id)))
                .await()
                .indefinitely();
        return rows.iterator().next().getLong(0);
    }
}
