package dev.understudy.learn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.Outline;
import dev.understudy.inspect.Prompt;
import dev.understudy.inspect.SiteInputs;
import dev.understudy.inspect.SiteKeys;
import dev.understudy.inspect.TaskBook.Sighting;
import dev.understudy.inspect.TaskBook.Task;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaskLedgerTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final String BUCKET = "b".repeat(64);

    private final SiteKeys keys = new SiteKeys(new byte[32]);
    private final MemoryRows rows = new MemoryRows();
    private final TaskLedger ledger = ledger(List.of());

    @Test
    void aTaskIsKnownFromItsTwentiethSightingOn() {
        for (int i = 1; i < 20; i++) {
            assertThat(ledger.seen(sighting("t", "read mail", Phase.USER_TURN)))
                    .isEqualTo(new Task("tool-call-read-mail", null, TaskState.NEW));
        }
        assertThat(ledger.seen(sighting("t", "read mail", Phase.USER_TURN)).state())
                .isEqualTo(TaskState.KNOWN);
        assertThat(ledger.seen(sighting("t", "read mail", Phase.ERROR_REPAIR)))
                .isEqualTo(new Task("tool-call-read-mail-repair", null, TaskState.NEW));
        assertThat(ledger.sites("t", BUCKET)).hasSize(1);
        assertThat(ledger.sites("other", BUCKET)).isEmpty();
    }

    @Test
    void twoTasksOfATeamNeverShareAName() {
        Sighting one = sighting("t", "read mail", Phase.USER_TURN);
        Sighting two = new Sighting(
                "t", BUCKET, site("t", List.of("another")), one.prompt(), one.phase(), one.kind(), List.of());

        assertThat(ledger.seen(one).name()).isEqualTo("tool-call-read-mail");
        assertThat(ledger.seen(two).name()).isEqualTo("tool-call-read-mail-2");
        assertThat(ledger.seen(one).name()).isEqualTo("tool-call-read-mail");
    }

    @Test
    void whatComesAfter2000TasksOfATeamIsOther() {
        for (int i = 0; i < TeamTasks.TASKS; i++) {
            assertThat(ledger.seen(sighting("t", "p" + i, Phase.USER_TURN)).state())
                    .isEqualTo(TaskState.NEW);
        }

        assertThat(ledger.seen(sighting("t", "late", Phase.USER_TURN))).isEqualTo(Task.OTHER);
        assertThat(ledger.seen(sighting("u", "late", Phase.USER_TURN)).state()).isEqualTo(TaskState.NEW);
    }

    @Test
    void withoutADatabaseItGoesOnAndCatchesUp() {
        rows.away = true;
        ledger.keepUp().await().indefinitely();
        assertThat(ledger.seen(sighting("t", "read mail", Phase.USER_TURN)).name())
                .isEqualTo("tool-call-read-mail");
        ledger.keepUp().await().indefinitely();
        assertThat(rows.held).isEmpty();
        assertThat(ledger.isLoaded()).isFalse();

        rows.away = false;
        ledger.keepUp().await().indefinitely();
        assertThat(ledger.isLoaded()).isTrue();
        assertThat(rows.held).hasSize(1);
        assertThat(rows.held.getFirst().name()).isEqualTo("tool-call-read-mail");
        assertThat(rows.held.getFirst().namedBy()).isEqualTo("generated");
        assertThat(rows.held.getFirst().firstSeen()).isEqualTo(NOW);
    }

    @Test
    void rowsThatAnInsertLostAreWrittenLater() {
        ledger.keepUp().await().indefinitely();
        ledger.seen(sighting("t", "read mail", Phase.USER_TURN));
        rows.away = true;
        ledger.keepUp().await().indefinitely();
        rows.away = false;
        ledger.keepUp().await().indefinitely();

        assertThat(rows.held).hasSize(1);
    }

    @Test
    void aRestartKnowsWhatWasKnown() {
        ledger.keepUp().await().indefinitely();
        ledger.seen(sighting("t", "read mail", Phase.USER_TURN));
        ledger.keepUp().await().indefinitely();
        rows.held.replaceAll(row -> new TaskRow(
                row.team(), row.key(), row.bucket(), row.site(), "triage", "jo", Kind.CLASSIFY, row.tools(), NOW, 20));
        TaskLedger restarted = ledger(List.of());
        restarted.keepUp().await().indefinitely();

        assertThat(restarted.sites("t", BUCKET)).isEqualTo(ledger.sites("t", BUCKET));
        assertThat(restarted.seen(sighting("t", "read mail", Phase.USER_TURN)))
                .isEqualTo(new Task("triage", Kind.CLASSIFY, TaskState.KNOWN));
    }

    @Test
    void aTaskThatAnotherMachineWroteFirstTakesItsName() {
        ledger.keepUp().await().indefinitely();
        Sighting sighting = sighting("t", "read mail", Phase.USER_TURN);
        rows.held.add(row(sighting, sighting.site(), "theirs"));
        ledger.seen(sighting);
        ledger.keepUp().await().indefinitely();

        assertThat(rows.held).hasSize(1);
        assertThat(ledger.seen(sighting).name()).isEqualTo("theirs");
    }

    @Test
    void aNameThatAnotherMachineGaveAwayIsChanged() {
        ledger.keepUp().await().indefinitely();
        Sighting sighting = sighting("t", "read mail", Phase.USER_TURN);
        rows.held.add(row(sighting, site("t", List.of("another")), "tool-call-read-mail"));
        ledger.seen(sighting);
        ledger.keepUp().await().indefinitely();
        ledger.keepUp().await().indefinitely();

        String apart = "tool-call-read-mail-" + sighting.site().id().substring(0, 4);
        assertThat(rows.held).extracting(TaskRow::name).containsExactly("tool-call-read-mail", apart);
        assertThat(ledger.seen(sighting).name()).isEqualTo(apart);
    }

    @Test
    void anAdaptersTaskIsKnownToEveryTeamFromTheFirstCallOn() throws Exception {
        var site = new ObjectMapper().readTree("""
                {"task": "demo-tools", "endpoint": "chat", "phase": "user_turn", "model": "demo-x",
                 "system": "Read the mail of 2026-01-01.", "tools": [{"type":"function","function":{"name":"f"}}],
                 "toolChoice": "required"}""");
        AdapterTasks.AdapterTask task = AdapterTasks.of(site);
        TaskLedger knowing = ledger(List.of(task));

        assertThat(task.lines()).containsExactly("Read the mail of <date>.");
        assertThat(task.inputs())
                .isEqualTo(new SiteInputs("chat", SiteInputs.ANY_FAMILY, List.of("f"), "text", "required"));
        for (String team : List.of("one", "two")) {
            String bucket = keys.bucket(team, task.inputs());
            CallSite known = knowing.sites(team, bucket).getFirst();
            Prompt prompt = new Prompt(known.outline(), List.of());
            Sighting sighting = new Sighting(team, bucket, known, prompt, Phase.USER_TURN, Kind.TOOL_CALL, List.of());
            assertThat(knowing.seen(sighting)).isEqualTo(new Task("demo-tools", null, TaskState.KNOWN));
        }
        knowing.keepUp().await().indefinitely();
        assertThat(rows.held).extracting(TaskRow::namedBy).containsExactly("adapter", "adapter");
    }

    @Test
    void theRowOfAnAdapterThatIsGoneIsLeftOut() {
        Sighting sighting = sighting("t", "read mail", Phase.USER_TURN);
        TaskRow row = row(sighting, sighting.site(), "gone");
        rows.held.add(new TaskRow(
                row.team(), row.key(), row.bucket(), row.site(), row.name(), "adapter", null, row.tools(), NOW, 20));
        ledger.keepUp().await().indefinitely();

        assertThat(ledger.sites("t", BUCKET)).isEmpty();
    }

    @Test
    void theManifestInTheJarIsReadWhereThereIsOne() {
        assertThat(AdapterTasks.inTheJar())
                .allSatisfy(task -> assertThat(task.name()).isEqualTo("demo-tools"));
    }

    private TaskLedger ledger(List<AdapterTasks.AdapterTask> adapterTasks) {
        return new TaskLedger(keys, rows, InstantSource.fixed(NOW), adapterTasks);
    }

    private CallSite site(String team, List<String> lines) {
        Outline outline = keys.outline(team, lines);
        return new CallSite(keys.site(team, BUCKET, outline), outline);
    }

    private Sighting sighting(String team, String words, Phase phase) {
        CallSite site = site(team, List.of(words));
        Prompt prompt = new Prompt(site.outline(), List.of(words.split(" ")));
        return new Sighting(team, BUCKET, site, prompt, phase, Kind.TOOL_CALL, List.of());
    }

    private static TaskRow row(Sighting sighting, CallSite site, String name) {
        TeamTasks.Key key = new TeamTasks.Key(site.id(), sighting.phase());
        return new TaskRow(
                sighting.team(), key, sighting.bucket(), site, name, "generated", null, new JsonObject(), NOW, 0);
    }

    /** Rows in memory, under the constraints of the table; may be away. */
    private static final class MemoryRows implements TaskRows {
        private final List<TaskRow> held = new ArrayList<>();
        private boolean away;

        @Override
        public Uni<List<TaskRow>> all() {
            return answer(List.copyOf(held));
        }

        @Override
        public Uni<List<TaskRow>> sameKeys(List<TaskRow> rows) {
            return answer(held.stream()
                    .filter(row -> rows.stream().anyMatch(other -> isSame(row, other)))
                    .toList());
        }

        @Override
        public Uni<List<TaskRow>> insert(List<TaskRow> rows) {
            List<TaskRow> refused = new ArrayList<>();
            for (TaskRow row : away ? List.<TaskRow>of() : rows) {
                boolean taken = held.stream()
                        .anyMatch(other -> isSame(row, other)
                                || (row.team().equals(other.team())
                                        && row.name().equals(other.name())));
                (taken ? refused : held).add(row);
            }
            return answer(refused);
        }

        private <T> Uni<T> answer(T value) {
            return away
                    ? Uni.createFrom().failure(new IllegalStateException("away"))
                    : Uni.createFrom().item(value);
        }

        private static boolean isSame(TaskRow one, TaskRow two) {
            return one.team().equals(two.team()) && one.key().equals(two.key());
        }
    }
}
