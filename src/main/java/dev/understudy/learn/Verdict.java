package dev.understudy.learn;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One comparison of a small model's answer with a reference. Verdicts of a gate have an order: by {@code at}, which
 * rises strictly, then by {@code call}.
 *
 * @param call that was answered
 * @param at when it was scored
 * @param pass whether the answer was right; null when the reference could not be used
 * @param counted whether it is evidence: the session's first at this gate, with an answer that the ladder accepted
 * @param accepted whether the ladder accepted the answer
 * @param valid whether its first four steps held
 * @param minMargin of the answer, or null
 */
public record Verdict(
        UUID call,
        Instant at,
        @Nullable Boolean pass,
        boolean counted,
        boolean accepted,
        boolean valid,
        @Nullable Double minMargin) {
    public Verdict {
        if (counted && (!accepted || pass == null)) {
            throw new IllegalArgumentException("only an accepted answer that could be scored is counted");
        }
    }
}
