package dev.understudy.capture;

import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.operators.multi.processors.BroadcastProcessor;
import jakarta.inject.Singleton;
import java.util.List;

/** Calls as they end, for whoever looks. Nobody waits for a watcher. */
@Singleton
public final class LiveFeed {
    /** Lines that a watcher may be behind before it is cut off; it may come again at once. */
    private static final int BEHIND = 4_096;

    private final BroadcastProcessor<CallLine> lines = BroadcastProcessor.create();

    /** Calls from this moment on. Ends with the gateway, or fails when its watcher is too far behind. */
    public Multi<CallLine> lines() {
        return lines.onOverflow().buffer(BEHIND);
    }

    /** Shows lines to all watchers; called by one thread only. */
    void show(List<CallLine> ended) {
        ended.forEach(lines::onNext);
    }
}
