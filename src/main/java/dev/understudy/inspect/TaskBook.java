package dev.understudy.inspect;

import dev.understudy.call.Kind;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals.TaskState;
import dev.understudy.call.Tool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sites and tasks of all teams, as far as they are known here. Answers from memory on the event loop: nothing in it
 * blocks, and what has to be written down is written later. {@code learn} keeps the book.
 */
public interface TaskBook {
    /** The sites of a bucket, at most {@link CallSite#A_BUCKET}. */
    List<CallSite> sites(String team, String bucket);

    /**
     * The task of a call, which is counted; a site or task that was not known is known from this call on.
     *
     * @return the task, or {@link Task#OTHER} where the team has too many
     */
    Task seen(Sighting sighting);

    /** The task that {@link #seen} would give, with nothing counted and nothing begun. */
    Task known(Sighting sighting);

    /**
     * One call as the book sees it.
     *
     * @param bucket 64 hex digits
     * @param prompt of this call
     * @param kind read from the request
     * @param tools that it offers
     */
    record Sighting(
            String team, String bucket, CallSite site, Prompt prompt, Phase phase, Kind kind, List<Tool> tools) {}

    /**
     * A task: a call site and a phase.
     *
     * @param name unique in its team
     * @param kind what people or {@code learn} say it is; null: as each request looks
     */
    record Task(String name, @Nullable Kind kind, TaskState state) {
        /** What is not worth a name of its own. */
        public static final Task OTHER = new Task("other", null, TaskState.OTHER);
    }
}
