package dev.understudy.serve;

import dev.understudy.call.Attempt;
import dev.understudy.call.Call;
import dev.understudy.call.Interaction;
import dev.understudy.call.Message;
import dev.understudy.call.Phase;
import dev.understudy.call.Signals;
import dev.understudy.call.Tier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of one session in which a small model took part.
 *
 * @param trust whether it may go on doing so
 * @param last who answered the last call
 * @param site the call site of that one; null when it was unknown
 * @param endedMillis when that one was over, of the epoch
 * @param broken calls whose answer broke off while it was sent
 */
record Standing(Trust trust, Last last, @Nullable String site, long endedMillis, List<Broken> broken) {
    /** So many turns in a row that went wrong latch a session. */
    private static final int BAD_TURNS = 2;

    private static final long IDLE_MILLIS = 300_000;
    private static final long BROKEN_MILLIS = 600_000;
    /** So many broken answers are remembered. */
    private static final int MOST_BROKEN = 4;

    private static final Standing FRESH = new Standing(new Trust.Open(0), Last.NOBODY, null, 0, List.of());

    Standing {
        broken = List.copyOf(broken);
    }

    /** Whether small models may answer. */
    sealed interface Trust {
        /**
         * They may.
         *
         * @param bad their turns in a row that went wrong; a good one begins anew, the large model's do not count
         */
        record Open(int bad) implements Trust {}

        /**
         * They may not for a while.
         *
         * @param site where it was latched
         */
        record Latched(@Nullable String site) implements Trust {}
    }

    /** Who answered a call. Whether a small model did so well shows in what the agent says next. */
    enum Last {
        /** Nobody, or it is no matter any more. */
        NOBODY,
        SMALL,
        LARGE
    }

    /** A call whose answer broke off, by its fingerprint. */
    record Broken(long fingerprint, long untilMillis) {}

    /** Why a latch was let go. */
    enum Release {
        IDLE("idle"),
        OTHER_SITE("other_site"),
        CLEAN_TURN("clean_turn");

        private final String wire;

        Release(String wire) {
            this.wire = wire;
        }

        /** The tag of the meter. */
        String wire() {
            return wire;
        }
    }

    /** Whether small models may answer a call that comes at that time. */
    Trust trustAt(Phase phase, @Nullable String callSite, long millis) {
        return switch (trust) {
            case Trust.Latched latched -> release(phase, callSite, millis) == null ? latched : new Trust.Open(0);
            case Trust.Open open -> {
                if (isIdle(millis)) {
                    yield new Trust.Open(0);
                }
                if (last != Last.SMALL || !isSame(site, callSite)) {
                    yield open;
                }
                yield phase == Phase.ERROR_REPAIR ? oneMoreBad(open, callSite) : new Trust.Open(0);
            }
        };
    }

    /** Why a call that comes at that time lets go of the latch; null when it does not, or there is none. */
    @Nullable
    Release release(Phase phase, @Nullable String callSite, long millis) {
        if (!(trust instanceof Trust.Latched latched)) {
            return null;
        }
        if (isIdle(millis)) {
            return Release.IDLE;
        }
        if (phase != Phase.USER_TURN) {
            return null;
        }
        if (!isSame(latched.site(), callSite)) {
            return Release.OTHER_SITE;
        }
        return last == Last.LARGE ? Release.CLEAN_TURN : null;
    }

    /** Whether the call is the repeat of one whose answer broke off in the last ten minutes. */
    boolean isBroken(Call call) {
        if (broken.isEmpty()) {
            return false;
        }
        long millis = call.receivedAt().toEpochMilli();
        long fingerprint = fingerprint(call);
        for (int i = 0; i < broken.size(); i++) {
            if (broken.get(i).fingerprint == fingerprint && broken.get(i).untilMillis > millis) {
                return true;
            }
        }
        return false;
    }

    /** Whether a call has to be remembered for what comes after it. */
    static boolean isWorth(Interaction ended) {
        return small(ended) != null;
    }

    /** What is remembered once a call has ended; it was asked with its signals. */
    static Standing after(@Nullable Standing before, Interaction ended, Signals signals) {
        Standing then = before == null ? FRESH : before;
        Call call = ended.call();
        long came = call.receivedAt().toEpochMilli();
        long over = came + ended.endMicros() / 1_000;
        Trust trust = then.trustAt(signals.phase(), signals.site(), came);
        Attempt small = small(ended);
        boolean gone = ended.outcome() == Interaction.Outcome.CLIENT_GONE;
        boolean bad = small != null && !gone && (!small.accepted() || small.error() != null);
        if (bad && trust instanceof Trust.Open open) {
            trust = oneMoreBad(open, signals.site());
        }
        Last last = gone || bad || ended.outcome() != Interaction.Outcome.COMPLETED
                ? Last.NOBODY
                : small == null ? Last.LARGE : Last.SMALL;
        return new Standing(trust, last, signals.site(), over, brokenAfter(then, ended, small, over));
    }

    /** The least that it takes in memory, names aside. */
    int bytes() {
        return 160 + 32 * broken.size();
    }

    private static List<Broken> brokenAfter(Standing then, Interaction ended, @Nullable Attempt small, long over) {
        boolean broke = small != null
                && small.accepted()
                && ended.call().stream()
                && ended.outcome() == Interaction.Outcome.FAILED;
        if (!broke && then.broken.isEmpty()) {
            return List.of();
        }
        List<Broken> left = new ArrayList<>(then.broken);
        left.removeIf(one -> one.untilMillis <= over);
        if (broke) {
            left.add(new Broken(fingerprint(ended.call()), over + BROKEN_MILLIS));
        }
        return left.size() > MOST_BROKEN ? left.subList(left.size() - MOST_BROKEN, left.size()) : left;
    }

    private static Trust oneMoreBad(Trust.Open open, @Nullable String site) {
        int bad = open.bad() + 1;
        return bad >= BAD_TURNS ? new Trust.Latched(site) : new Trust.Open(bad);
    }

    private boolean isIdle(long millis) {
        return millis - endedMillis >= IDLE_MILLIS;
    }

    private static boolean isSame(@Nullable String one, @Nullable String other) {
        return one == null ? other == null : one.equals(other);
    }

    /** The small model's try whose answer was or would have been sent; null when there was none. */
    private static @Nullable Attempt small(Interaction ended) {
        List<Attempt> attempts = ended.attempts();
        for (int i = 0; i < attempts.size(); i++) {
            Attempt attempt = attempts.get(i);
            if (attempt.tier() == Tier.SLM && attempt.role() != Attempt.Role.MIRROR) {
                return attempt;
            }
        }
        return null;
    }

    /** Over what was said, so that a call repeated without a stream is a repeat too. */
    private static long fingerprint(Call call) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (Message message : call.messages()) {
                sha.update((message.role() + '\0' + message.text() + '\0' + message.toolCallIds() + '\n')
                        .getBytes(StandardCharsets.UTF_8));
            }
            return ByteBuffer.wrap(sha.digest()).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
