package dev.understudy.policy;

import io.smallrye.mutiny.Uni;
import java.util.Optional;

/** Where the revisions that were tried are written down. */
interface Snapshots {
    /** Writes down what became of files, some time; nobody waits for it, a failure is logged. */
    void write(PolicyFiles files, PolicyLoader.Loaded loaded);

    /** The files of the last accepted revision; empty when there is none. */
    Uni<Optional<PolicyFiles>> lastGood();
}
