package dev.understudy.learn;

import dev.understudy.call.Kind;
import dev.understudy.call.Tool;
import dev.understudy.inspect.CallSite;
import dev.understudy.inspect.TaskBook.Sighting;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task as it is written down.
 *
 * @param namedBy {@code generated}, {@code adapter}, or who of the people
 * @param kind the task's own; null: as each request looks
 * @param tools names to schema hashes, when the task was first seen
 * @param seen calls so far, up to 20
 */
record TaskRow(
        String team,
        TeamTasks.Key key,
        String bucket,
        CallSite site,
        String name,
        String namedBy,
        @Nullable Kind kind,
        JsonObject tools,
        Instant firstSeen,
        int seen) {

    /** The row of a task that a call has begun. */
    static TaskRow of(Sighting sighting, TeamTasks.Entry entry, Instant now) {
        JsonObject tools = new JsonObject();
        for (Tool tool : sighting.tools()) {
            tools.put(tool.name(), tool.schemaHash());
        }
        return new TaskRow(
                sighting.team(),
                new TeamTasks.Key(sighting.site().id(), sighting.phase()),
                sighting.bucket(),
                sighting.site(),
                entry.name(),
                entry.namedBy(),
                entry.kind(),
                tools,
                now,
                0);
    }

    /** The same row under another name. */
    TaskRow named(String other) {
        return new TaskRow(team, key, bucket, site, other, namedBy, kind, tools, firstSeen, seen);
    }
}
