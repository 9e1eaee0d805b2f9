package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.Inspector;
import dev.understudy.inspect.SiteKeys;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@QuarkusTest
class TaskTableQuarkusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Instant SEEN = Instant.parse("2026-11-24T12:00:00Z");

    private final TaskTable table;
    private final SiteKeys keys;
    private final Inspector inspector;

    @Inject
    TaskTableQuarkusTest(TaskTable table, SiteKeys keys, Inspector inspector) {
        this.table = table;
        this.keys = keys;
        this.inspector = inspector;
    }

    @Test
    void rowsComeBackAsTheyWereWritten() {
        TaskRow row = row("a", "first", "name-a", null);
        TaskRow known = row("a", "second", "name-b", Kind.EXTRACT);

        assertThat(insert(List.of(row, known))).isEmpty();
        assertThat(table.all().await().atMost(PATIENCE)).contains(row, known);
        assertThat(table.sameKeys(List.of(known)).await().atMost(PATIENCE)).containsExactly(known);
        assertThat(inspector).isNotNull();
    }

    @Test
    void aKeyOrANameThatIsTakenIsRefused() {
        TaskRow row = row("b", "first", "name-a", null);
        TaskRow sameName = row("b", "second", "name-a", null);
        TaskRow free = row("b", "third", "name-c", null);
        insert(List.of(row));

        assertThat(insert(List.of(row.named("other"), sameName, free))).containsExactly(row.named("other"), sameName);
        assertThat(table.sameKeys(List.of(row, sameName, free)).await().atMost(PATIENCE))
                .containsExactly(row, free);
    }

    private List<TaskRow> insert(List<TaskRow> rows) {
        return table.insert(rows).await().atMost(PATIENCE);
    }

    private TaskRow row(String team, String line, String name, @Nullable Kind kind) {
        var outline = keys.outline(team, List.of(line));
        String bucket = "c".repeat(64);
        CallSite site = new CallSite(keys.site(team, bucket, outline), outline);
        return new TaskRow(
                team,
                new TeamTasks.Key(site.id(), Phase.TOOL_CONTINUATION),
                bucket,
                site,
                name,
                "generated",
                kind,
                new JsonObject().put("f", "00ff"),
                SEEN,
                0);
    }
}
