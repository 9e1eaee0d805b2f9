package dev.understudy.upstream;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Leaves an upstream alone that fails too often, so that calls get their answer elsewhere, or their error at once. Shared
 * by all event loops, without locks.
 *
 * <pre>
 * Closed ──▶ Open ──▶ HalfOpen ──▶ Closed
 *              ▲──────────┘
 * </pre>
 *
 * Opens when of at least {@value #LEAST_ANSWERS} answers of the last 10 to 20 s half have failed, for 5 s at first, twice
 * as long after each probe that fails, a minute at most. Fault Tolerance's circuit breaker is not used since it judges a
 * call by how its future ends: it cannot be told of a stream that breaks after its head, nor that an upstream asked to be
 * left alone for a while, nor be asked beforehand whether a call would pass.
 */
final class Breaker {
    static final int LEAST_ANSWERS = 20;
    /** Half of the shortest time over which failures are counted. */
    static final long SLICE_NANOS = TimeUnit.SECONDS.toNanos(10);

    static final Duration FIRST = Duration.ofSeconds(5);
    static final Duration LONGEST = Duration.ofSeconds(60);
    /** A probe that has no head by then does not hold back the next one. */
    static final Duration PROBE = Duration.ofSeconds(5);

    private final AtomicReference<State> state = new AtomicReference<>(new State.Closed(Long.MIN_VALUE, 0, 0, 0, 0));
    private final Watcher watcher;

    /**
     * @param watcher told of every change, on the thread that caused it
     */
    Breaker(Watcher watcher) {
        this.watcher = watcher;
    }

    /** Asks to send one question. Unless refused, the caller tells the result by {@link #over}, once. */
    Pass admit(long now) {
        while (true) {
            State seen = seen();
            State.HalfOpen probing;
            switch (seen) {
                case State.Closed closed -> {
                    return Pass.FREE;
                }
                case State.Open open -> {
                    if (now - open.untilNanos() < 0) {
                        return Pass.REFUSED;
                    }
                    probing = new State.HalfOpen(now, open.nanos());
                }
                case State.HalfOpen half -> {
                    if (now - half.sinceNanos() < PROBE.toNanos()) {
                        return Pass.REFUSED;
                    }
                    probing = new State.HalfOpen(now, half.nanos());
                }
            }
            if (state.compareAndSet(seen, probing)) {
                return Pass.PROBE;
            }
        }
    }

    /** The upstream has sent the head of an answer. Ends the trial if it was the probe's. */
    void answering(Pass pass, long now) {
        State seen = seen();
        if (pass == Pass.PROBE && seen instanceof State.HalfOpen) {
            if (state.compareAndSet(seen, new State.Closed(slice(now), 0, 0, 0, 0))) {
                watcher.closed();
            }
        }
    }

    /** A question is over. */
    void over(Pass pass, Verdict verdict, long now) {
        while (true) {
            State seen = seen();
            State next = switch (seen) {
                case State.Closed closed -> counted(closed, verdict, now);
                case State.HalfOpen half -> pass == Pass.PROBE ? probed(half, verdict, now) : null;
                case State.Open open -> null;
            };
            if (next == null) {
                return;
            }
            if (state.compareAndSet(seen, next)) {
                tell(seen, next);
                return;
            }
        }
    }

    /** The upstream wants to be left alone for a while. */
    void leaveAlone(Duration time, long now) {
        State.Open wanted = new State.Open(now + time.toNanos(), FIRST.toNanos());
        while (true) {
            State seen = seen();
            if (seen instanceof State.Open open && open.untilNanos() - wanted.untilNanos() >= 0) {
                return;
            }
            if (state.compareAndSet(seen, wanted)) {
                if (!(seen instanceof State.Open)) {
                    watcher.opened(time);
                }
                return;
            }
        }
    }

    /** Seconds until a question may pass, 1 at least; 0 when one may now. */
    int waitSeconds(long now) {
        long nanos = switch (seen()) {
            case State.Closed closed -> 0;
            case State.Open open -> open.untilNanos() - now;
            case State.HalfOpen half -> half.sinceNanos() + PROBE.toNanos() - now;
        };
        return nanos <= 0 ? 0 : (int) Math.ceilDiv(nanos, TimeUnit.SECONDS.toNanos(1));
    }

    /** 0 closed, 1 half open, 2 open: the value of the gauge. */
    int level() {
        return switch (seen()) {
            case State.Closed closed -> 0;
            case State.HalfOpen half -> 1;
            case State.Open open -> 2;
        };
    }

    private void tell(State before, State next) {
        switch (next) {
            case State.Closed closed -> {
                if (!(before instanceof State.Closed)) {
                    watcher.closed();
                }
            }
            case State.HalfOpen half -> {}
            case State.Open open -> watcher.opened(Duration.ofNanos(open.nanos()));
        }
    }

    private static @Nullable State counted(State.Closed closed, Verdict verdict, long now) {
        if (verdict == Verdict.NEITHER) {
            return null;
        }
        State.Closed next = closed.with(slice(now), verdict == Verdict.FAILED);
        long failed = (long) next.failed() + next.failedBefore();
        long all = failed + next.good() + next.goodBefore();
        return all >= LEAST_ANSWERS && failed * 2 >= all
                ? new State.Open(now + FIRST.toNanos(), FIRST.toNanos())
                : next;
    }

    private static @Nullable State probed(State.HalfOpen half, Verdict verdict, long now) {
        return switch (verdict) {
            case GOOD -> new State.Closed(slice(now), 0, 0, 0, 0);
            case FAILED -> {
                long nanos = Math.min(half.nanos() * 2, LONGEST.toNanos());
                yield new State.Open(now + nanos, nanos);
            }
            // Its client left, say: the next question is the probe.
            case NEITHER -> new State.HalfOpen(now - PROBE.toNanos(), half.nanos());
        };
    }

    private State seen() {
        return Objects.requireNonNull(state.get(), "state");
    }

    private static long slice(long now) {
        // the clock may be negative
        return Math.floorDiv(now, SLICE_NANOS);
    }

    /** Whether a question may be sent. */
    enum Pass {
        FREE,
        /** It may, and its result decides for all that follow. */
        PROBE,
        REFUSED
    }

    /** What a question says of the upstream's health. */
    enum Verdict {
        GOOD,
        FAILED,
        /** Nothing: its client left, or it was never sent. */
        NEITHER
    }

    /** Told of changes. */
    interface Watcher {
        /** The upstream is left alone. */
        void opened(Duration time);

        /** It is asked again as usual. */
        void closed();
    }

    /** Where a breaker stands. */
    private sealed interface State {
        /** Questions pass; results are counted in the current slice of time and the one before it. */
        record Closed(long slice, int good, int failed, int goodBefore, int failedBefore) implements State {
            Closed with(long now, boolean isFailed) {
                int more = isFailed ? 1 : 0;
                if (now > slice + 1) {
                    return new Closed(now, 1 - more, more, 0, 0);
                }
                if (now == slice + 1) {
                    return new Closed(now, 1 - more, more, good, failed);
                }
                // one that ended just before the slice began counts with it
                return new Closed(slice, good + 1 - more, failed + more, goodBefore, failedBefore);
            }
        }

        /**
         * Nothing passes.
         *
         * @param nanos how long it was meant to be
         */
        record Open(long untilNanos, long nanos) implements State {}

        /**
         * One question is out to find out.
         *
         * @param nanos how long it was open before
         */
        record HalfOpen(long sinceNanos, long nanos) implements State {}
    }
}
