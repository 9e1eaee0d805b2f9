package dev.understudy.usage;

import dev.understudy.call.Uuid7;
import dev.understudy.capture.CallLine;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Calls as they were written down. Every question names its stretch of time, so that only its days are opened. */
@Singleton
public class CallLog {
    /** A list of the newest calls looks no further back. */
    private static final Duration HORIZON = Duration.ofDays(31);

    private static final String LINE = """
            select id, ts, team, app, model, tier, served_model, site, facts ->> 'task' task, kind, phase, rule,
                   facts ->> 'why' why, route, outcome, status, error, stream, input_tokens, cached_tokens,
                   output_tokens, cost, baseline, ttft_us, latency_us, session, api, site_match, sensitivity, facts,
                   policy_rev, action, basis, bucket, escalation,
                   finish, overhead_us, record
              from understudy.interaction""";

    private static final String NEWEST = LINE + " where ts > $1 and ts <= $2 and id < $3 order by id desc limit $4";

    private static final String ONE = LINE + " where id = $1 and ts = understudy.uuid_ts($1)";

    private static final String ATTEMPTS = """
            select n, role, tier, model, variant, start_us, queue_us, ttft_us, latency_us, status, error, finish,
                   input_tokens, cached_tokens, output_tokens, device, device_us, min_margin, verify, accepted, cost
              from understudy.attempt where id = $1 and ts = understudy.uuid_ts($1) order by n""";

    private static final String TOTALS = """
            with sums as (
              select 1 calls, (tier = 'slm')::int slm, (tier = 'llm')::int llm, (outcome = 'failed')::int failed,
                     (outcome = 'denied')::int denied, (cost is null and outcome <> 'denied')::int unpriced, cost,
                     case when outcome <> 'denied' then baseline end baseline
                from understudy.interaction where ts > $1
              union all
              select calls, case tier when 'slm' then calls else 0 end, case tier when 'llm' then calls else 0 end,
                     errors, denied, unpriced, cost, baseline
                from understudy.usage_delta where ts > $1)
            select coalesce(sum(calls), 0)::int8 calls, coalesce(sum(slm), 0)::int8 slm, coalesce(sum(llm), 0)::int8 llm,
                   coalesce(sum(failed), 0)::int8 failed, coalesce(sum(denied), 0)::int8 denied,
                   coalesce(sum(unpriced), 0)::int8 unpriced, sum(cost) cost,
                   sum(baseline) filter (where cost is not null) baseline, sum(baseline - cost) saved,
                   (select percentile_disc(0.95) within group (order by latency_us)
                      from understudy.interaction where ts > $1 and outcome <> 'denied') p95
              from sums""";

    private final Pool pool;
    private final InstantSource clock;

    CallLog(Pool pool, InstantSource clock) {
        this.pool = pool;
        this.clock = clock;
    }

    /**
     * The newest calls first, from the last 31 days.
     *
     * @param limit how many at most
     * @param before only calls that came before this one; null for all
     */
    public Uni<List<CallLine>> newest(int limit, @Nullable UUID before) {
        Instant until = before == null ? clock.instant().plusSeconds(60) : Uuid7.timeOf(before);
        UUID below = before == null ? new UUID(-1, -1) : before;
        return pool.preparedQuery(NEWEST)
                .execute(Tuple.of(time(until.minus(HORIZON)), time(until), below, limit))
                .map(rows -> stream(rows).map(CallLog::line).toList());
    }

    /** One call's whole way, or nothing when no call of that id is written. */
    public Uni<Optional<CallStory>> story(UUID id) {
        return pool.preparedQuery(ONE).execute(Tuple.of(id)).chain(rows -> {
            var found = rows.iterator();
            if (!found.hasNext()) {
                return Uni.createFrom().item(Optional.<CallStory>empty());
            }
            Row call = found.next();
            return pool.preparedQuery(ATTEMPTS)
                    .execute(Tuple.of(id))
                    .map(attempts -> Optional.of(
                            story(call, stream(attempts).map(CallLog::attempt).toList())));
        });
    }

    /** Sums over all calls that came after {@code since}. */
    public Uni<Totals> totals(Instant since) {
        return pool.preparedQuery(TOTALS)
                .execute(Tuple.of(time(since)))
                .map(rows -> totals(rows.iterator().next()));
    }

    /** Ends well when the database answers. */
    public Uni<Void> ping() {
        return pool.query("select 1").execute().replaceWithVoid();
    }

    private static Totals totals(Row row) {
        long slm = row.getLong("slm");
        long llm = row.getLong("llm");
        return new Totals(
                row.getLong("calls"),
                slm,
                llm,
                row.getLong("failed"),
                row.getLong("denied"),
                row.getLong("unpriced"),
                row.getBigDecimal("cost"),
                row.getBigDecimal("baseline"),
                row.getBigDecimal("saved"),
                slm + llm == 0 ? null : (double) slm / (slm + llm),
                row.getLong("p95"));
    }

    private static CallLine line(Row row) {
        return new CallLine(
                row.getUUID("id"),
                row.getOffsetDateTime("ts").toInstant(),
                row.getString("team"),
                row.getString("app"),
                row.getString("model"),
                row.getString("tier"),
                row.getString("served_model"),
                row.getString("site"),
                row.getString("task"),
                row.getString("kind"),
                row.getString("phase"),
                row.getString("rule"),
                row.getString("why") == null ? "" : row.getString("why"),
                row.getString("route"),
                row.getString("outcome"),
                row.getInteger("status"),
                row.getString("error"),
                Boolean.TRUE.equals(row.getBoolean("stream")),
                count(row, "input_tokens"),
                count(row, "cached_tokens"),
                count(row, "output_tokens"),
                row.getBigDecimal("cost"),
                row.getBigDecimal("baseline"),
                row.getLong("ttft_us"),
                row.getLong("latency_us") == null ? 0 : row.getLong("latency_us"));
    }

    private static CallStory story(Row row, List<CallStory.Attempt> attempts) {
        JsonObject facts = row.getJsonObject("facts");
        return new CallStory(
                line(row),
                row.getString("session"),
                row.getString("api"),
                row.getString("site_match"),
                row.getString("sensitivity"),
                texts(facts.getJsonObject("reasons")),
                texts(facts.getJsonObject("unknown")),
                row.getString("policy_rev"),
                row.getString("action"),
                row.getString("basis"),
                row.getInteger("bucket"),
                row.getString("escalation"),
                facts.getString("mirror_model"),
                objects(facts.getJsonArray("dropped"))
                        .map(d -> new CallStory.Dropped(
                                d.getString("model", ""), d.getString("code", ""), d.getString("detail", "")))
                        .toList(),
                row.getString("finish"),
                row.getLong("overhead_us"),
                row.getString("record"),
                attempts);
    }

    private static CallStory.Attempt attempt(Row row) {
        long start = row.getLong("start_us") == null ? 0 : row.getLong("start_us");
        Long firstContent = row.getLong("ttft_us");
        Long latency = row.getLong("latency_us");
        return new CallStory.Attempt(
                row.getInteger("n"),
                row.getString("role"),
                row.getString("tier"),
                row.getString("model"),
                row.getString("variant"),
                start,
                row.getLong("queue_us"),
                firstContent == null ? null : start + firstContent,
                start + (latency == null ? 0 : latency),
                row.getInteger("status"),
                row.getString("error"),
                row.getString("finish"),
                row.getInteger("input_tokens"),
                row.getInteger("cached_tokens"),
                row.getInteger("output_tokens"),
                row.getString("device"),
                row.getLong("device_us"),
                row.getDouble("min_margin"),
                objects(row.getJsonArray("verify")).map(CallLog::check).toList(),
                Boolean.TRUE.equals(row.getBoolean("accepted")),
                row.getBigDecimal("cost"));
    }

    private static CallStory.Check check(JsonObject step) {
        return new CallStory.Check(
                step.getString("step", ""),
                step.getString("result", ""),
                step.getString("detail", ""),
                step.getLong("us", 0L));
    }

    private static int count(Row row, String column) {
        Integer count = row.getInteger(column);
        return count == null ? 0 : count;
    }

    private static Map<String, String> texts(@Nullable JsonObject object) {
        var texts = new HashMap<String, String>();
        if (object != null) {
            object.forEach(entry -> texts.put(entry.getKey(), String.valueOf(entry.getValue())));
        }
        return texts;
    }

    private static Stream<JsonObject> objects(@Nullable JsonArray array) {
        return array == null ? Stream.empty() : array.stream().map(JsonObject.class::cast);
    }

    private static Stream<Row> stream(RowSet<Row> rows) {
        return StreamSupport.stream(rows.spliterator(), false);
    }

    private static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
