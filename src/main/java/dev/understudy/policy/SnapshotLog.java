package dev.understudy.policy;

import dev.understudy.call.Uuid7;
import dev.understudy.telemetry.Keys;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.Pool;
import io.vertx.mutiny.sqlclient.Row;
import io.vertx.mutiny.sqlclient.RowSet;
import io.vertx.mutiny.sqlclient.Tuple;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The revisions that were tried, in table {@code policy_snapshot}: of accepted ones the files, of rejected ones names and
 * digests only, since a broken file may hold a secret where none belongs. Nobody waits for it.
 */
@ApplicationScoped
class SnapshotLog implements Snapshots {
    private static final Logger LOG = Logger.getLogger(SnapshotLog.class);

    private static final String INSERT = """
            insert into understudy.policy_snapshot (id, rev, build, accepted, files, variants, problems)
            select $1, $2, $3, $4, $5, '{}'::jsonb, $6
            where not exists (
              select from (select rev, accepted from understudy.policy_snapshot order by id desc limit 1) last
              where last.rev = $2 and last.accepted = $4)
            """;
    private static final String LAST_GOOD =
            "select files from understudy.policy_snapshot where accepted order by id desc limit 1";

    private final Pool pool;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final String build;

    @Inject
    SnapshotLog(
            Pool pool,
            InstantSource clock,
            RandomGenerator random,
            @ConfigProperty(name = "quarkus.application.version", defaultValue = "dev") String build) {
        this.pool = pool;
        this.clock = clock;
        this.random = random;
        this.build = build;
    }

    @Override
    public void write(PolicyFiles files, PolicyLoader.Loaded loaded) {
        boolean accepted = loaded.set() != null;
        JsonObject texts = new JsonObject();
        files.texts().forEach((name, text) -> texts.put(name, accepted ? text : "sha256:" + PolicyFiles.sha256(text)));
        List<String> lines = new ArrayList<>();
        loaded.problems().forEach(problem -> lines.add(problem.toString()));
        Tuple row = Tuple.from(List.of(
                Uuid7.of(clock.instant(), random),
                loaded.revision().substring(0, 12),
                build,
                accepted,
                texts,
                new JsonArray(lines)));
        pool.preparedQuery(INSERT)
                .execute(row)
                .subscribe()
                .with(
                        done -> {},
                        failure -> LOG.warnf(
                                "policy snapshot not stored %s=%s %s=%s",
                                Keys.REVISION, loaded.revision().substring(0, 12), Keys.REASON, failure.getMessage()));
    }

    @Override
    public Uni<Optional<PolicyFiles>> lastGood() {
        return pool.query(LAST_GOOD).execute().map(SnapshotLog::files);
    }

    private static Optional<PolicyFiles> files(RowSet<Row> rows) {
        Iterator<Row> row = rows.iterator();
        if (!row.hasNext()) {
            return Optional.empty();
        }
        SequencedMap<String, String> texts = new TreeMap<>();
        row.next().getJsonObject("files").forEach(entry -> texts.put(entry.getKey(), String.valueOf(entry.getValue())));
        return Optional.of(new PolicyFiles(texts, List.of()));
    }
}
