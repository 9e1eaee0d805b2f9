package dev.understudy.serve;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls of one event loop that are not over, so that none is forgotten when the gateway stops. Confined to it. */
final class UnderWay {
    private final AtomicInteger everywhere;
    private final Set<Ending> here = Collections.newSetFromMap(new IdentityHashMap<>());

    /**
     * @param everywhere counts the calls of all loops
     */
    UnderWay(AtomicInteger everywhere) {
        this.everywhere = everywhere;
    }

    void begun(Ending call) {
        everywhere.incrementAndGet();
        here.add(call);
    }

    void over(Ending call) {
        if (here.remove(call)) {
            everywhere.decrementAndGet();
        }
    }

    /** Breaks off whatever is not over. */
    void breakOff() {
        for (Ending call : List.copyOf(here)) {
            call.breakOff();
        }
    }

    /** A call that can be broken off. */
    interface Ending {
        /** Ends the call now: tells its client in whatever way is left, and records it. */
        void breakOff();
    }
}
