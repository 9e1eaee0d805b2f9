package dev.understudy.policy;

import dev.understudy.call.Signals;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * The share of calls for which a rule holds. Whoever is in stays in while the share grows, since buckets do not move.
 *
 * @param limit first bucket that is out: percent times 100, 0 to 10,000
 * @param by what is drawn
 * @param salt under which it is drawn; rules with the same one draw the same buckets
 */
record Rollout(int limit, By by, String salt) {
    /** Number of buckets. */
    static final int BUCKETS = 10_000;

    /** All calls, in percent. */
    static final double WHOLE = 100;

    /** Between a rule's salt and what its mirrors are drawn by. */
    private static final String MIRROR = "/mirror";

    Rollout {
        if (limit < 0 || limit > BUCKETS) {
            throw new IllegalArgumentException("limit must be 0 to 10,000, got " + limit);
        }
    }

    /** What shares one bucket. */
    enum By {
        SESSION("session"),
        /** Callers without a key of ours share the bucket of their app. */
        KEY("key"),
        CALL("call");

        private final String wire;

        By(String wire) {
            this.wire = wire;
        }

        /** The word in policy files. */
        String wire() {
            return wire;
        }
    }

    /** Whether every call is in. */
    boolean isWhole() {
        return limit == BUCKETS;
    }

    /** The share as a number, 0 to 1. */
    double share() {
        return limit / (double) BUCKETS;
    }

    /** The bucket of a call, 0 to 9,999. */
    int bucket(Facts facts) {
        return bucket(salt, id(facts));
    }

    /** Whether the mirrors of that rule take this call's session in, at a share of 0 to 1. */
    static boolean mirrors(String salt, Signals signals, double share) {
        return bucket(salt + MIRROR, signals.session()) < share * BUCKETS;
    }

    private String id(Facts facts) {
        return switch (by) {
            case SESSION -> facts.signals().session();
            case KEY -> {
                UUID key = facts.caller().keyId();
                yield key == null ? facts.caller().team() + "/" + facts.caller().app() : key.toString();
            }
            case CALL -> facts.call().id().toString();
        };
    }

    /** The first four bytes of SHA-256 of {@code salt:id} as an unsigned number, modulo 10,000. */
    static int bucket(String salt, String id) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest((salt + ":" + id).getBytes(StandardCharsets.UTF_8));
            long first = (digest[0] & 0xFFL) << 24
                    | (digest[1] & 0xFFL) << 16
                    | (digest[2] & 0xFFL) << 8
                    | (digest[3] & 0xFFL);
            return (int) (first % BUCKETS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** As {@code 25 %} or {@code 0.5 %}. */
    String percent() {
        String hundredths = BigDecimal.valueOf(limit, 2).stripTrailingZeros().toPlainString();
        return hundredths + " %";
    }
}
