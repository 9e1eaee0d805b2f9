package dev.understudy.learn;

import io.smallrye.mutiny.Uni;
import java.util.List;

/** Where tasks are written down. */
interface TaskRows {
    /** All tasks that are no other's alias. */
    Uni<List<TaskRow>> all();

    /** The rows that have the keys of these. */
    Uni<List<TaskRow>> sameKeys(List<TaskRow> rows);

    /**
     * Writes rows.
     *
     * @return those that were not written: their key or their name is another row's
     */
    Uni<List<TaskRow>> insert(List<TaskRow> rows);
}
