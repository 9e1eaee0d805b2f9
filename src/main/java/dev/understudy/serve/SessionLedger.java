package dev.understudy.serve;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.call.Interaction;
import dev.understudy.call.Signals;
import dev.understudy.inspect.SessionBook;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the {@link SessionBook}: of sessions in which a small model took part what became of it, and to which session a
 * stored response belongs. Told of every call once it has ended; safe on every thread. It is forgotten at a restart, the
 * owners of tool loops are not: those stand in the requests.
 */
@Singleton
public final class SessionLedger implements SessionBook {
    private static final long BYTES = 16L << 20;
    private static final Duration KEPT = Duration.ofMinutes(10);
    private static final Duration CHAIN_KEPT = Duration.ofHours(24);
    /** The source of sessions of one call. */
    private static final String OF_A_CALL = "call";

    private final MeterRegistry meters;
    private final Cache<Name, Standing> sessions = Caffeine.newBuilder()
            .maximumWeight(BYTES)
            .weigher((Name name, Standing standing) -> name.bytes() + standing.bytes())
            .expireAfterWrite(KEPT)
            .build();
    private final Cache<Name, String> chains = Caffeine.newBuilder()
            .maximumWeight(BYTES)
            .weigher((Name name, String session) -> name.bytes() + 2 * session.length() + 96)
            .expireAfterWrite(CHAIN_KEPT)
            .build();

    SessionLedger(MeterRegistry meters) {
        this.meters = meters;
    }

    @Override
    public @Nullable String latched(Turn turn) {
        Standing standing = sessions.getIfPresent(new Name(turn.team(), turn.session()));
        if (standing == null) {
            return null;
        }
        if (standing.isBroken(turn.call())) {
            return "the answer to this very call broke off before";
        }
        long now = turn.call().receivedAt().toEpochMilli();
        return standing.trustAt(turn.phase(), turn.site(), now) instanceof Standing.Trust.Latched
                ? "two turns in a row went wrong"
                : null;
    }

    @Override
    public @Nullable String sessionOf(String team, String response) {
        return chains.getIfPresent(new Name(team, response));
    }

    /** A response that the upstream keeps is known by that id from now on. */
    void shown(String team, Signals signals, String response) {
        chains.put(new Name(team, response), signals.session());
    }

    /** A call has ended; of those that were never judged there is nothing to learn. */
    void ended(Interaction ended) {
        Signals signals = ended.signals();
        if (signals == null || ended.attempts().isEmpty()) {
            return;
        }
        LoopSwitch change = LoopSwitch.of(ended);
        if (change != null) {
            meters.counter(
                            Meters.LOOP_SWITCHES,
                            Meters.TIER,
                            change.to().wire(),
                            Meters.REASON,
                            change.reason().wire())
                    .increment();
        }
        if (signals.sessionSource().equals(OF_A_CALL)) {
            return;
        }
        Name name = new Name(ended.caller().team(), signals.session());
        if (Standing.isWorth(ended) || sessions.getIfPresent(name) != null) {
            sessions.asMap().compute(name, (same, before) -> after(before, ended, signals));
        }
    }

    private Standing after(@Nullable Standing before, Interaction ended, Signals signals) {
        Standing after = Standing.after(before, ended, signals);
        if (before != null) {
            long came = ended.call().receivedAt().toEpochMilli();
            Standing.Release release = before.release(signals.phase(), signals.site(), came);
            if (release != null) {
                meters.counter(Meters.LATCH_RELEASES, Meters.REASON, release.wire())
                        .increment();
            }
            if (after.broken().size() > before.broken().size()) {
                latched("stream_broke");
            }
        } else if (!after.broken().isEmpty()) {
            latched("stream_broke");
        }
        boolean was = before != null && before.trust() instanceof Standing.Trust.Latched;
        if (!was && after.trust() instanceof Standing.Trust.Latched) {
            latched("bad_turns");
        }
        return after;
    }

    private void latched(String reason) {
        meters.counter(Meters.LATCHES, Meters.REASON, reason).increment();
    }

    /** A session or response of a team. */
    private record Name(String team, String id) {
        int bytes() {
            return 2 * (team.length() + id.length()) + 96;
        }
    }
}
