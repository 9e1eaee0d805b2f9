package dev.understudy.serve;

import org.jspecify.annotations.Nullable;

/**
 * The end of an exchange's books. A small model that was cancelled says a step later what it has cost; that is waited
 * for, so that no work goes unpriced. Confined to one event loop.
 */
final class Settlement {
    /** A step takes some tens of milliseconds; an engine that says nothing by then is broken. */
    static final long LONGEST_MILLIS = 1_000;

    private final CallRecord record;
    private final Ruling ruling;
    private final Tries tries;
    private final Timer timer;
    private CallRecord.@Nullable Ending ending;

    Settlement(House house, CallRecord record, Ruling ruling, Tries tries) {
        this.record = record;
        this.ruling = ruling;
        this.tries = tries;
        this.timer = new Timer(house.vertx());
    }

    /** The exchange is over; called once. */
    void over(CallRecord.Ending how) {
        ending = how;
        if (tries.isAwaited()) {
            timer.set(LONGEST_MILLIS, this::close);
        } else {
            close();
        }
    }

    /** What a cancelled try has cost is known. */
    void spent() {
        if (ending != null && !tries.isAwaited()) {
            close();
        }
    }

    private void close() {
        CallRecord.Ending how = ending;
        ending = null;
        timer.cancel();
        if (how != null) {
            record.exchanged(ruling, tries, how);
            ruling.models().release();
        }
    }
}
