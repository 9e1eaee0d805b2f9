package dev.understudy.serve;

import dev.understudy.call.Attempt;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tries of one exchange in their order, and what they come to together. Confined to one event loop. */
final class Tries {
    private final List<Try> all = new ArrayList<>(2);

    void add(Try made) {
        all.add(made);
    }

    int count() {
        return all.size();
    }

    Try last() {
        return all.getLast();
    }

    /** Ends what is under way; those that have failed keep their reasons. */
    void giveUp(String why) {
        for (int i = 0; i < all.size(); i++) {
            if (!all.get(i).hasFailed()) {
                all.get(i).giveUp(why);
            }
        }
    }

    /** Estimates the tokens of those that said nothing of them. */
    void completeTokens(int promptTokens, boolean stream) {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).completeTokens(promptTokens, stream);
        }
    }

    /** Whether one was cancelled whose cost is not known yet, but will be in a moment. */
    boolean isAwaited() {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).isAwaited()) {
                return true;
            }
        }
        return false;
    }

    /**
     * The step of the ladder or failure code for which a small model gave way to the next target; null when none did.
     */
    @Nullable
    String escalation() {
        for (int i = 0; i < all.size() - 1; i++) {
            if (all.get(i).isSmall()) {
                return all.get(i).whyNot();
            }
        }
        return null;
    }

    /**
     * What they were and cost.
     *
     * @param requested the model name that the caller asked for
     * @param day of the call, UTC
     */
    Sum sum(String requested, boolean stream, LocalDate day) {
        BigDecimal cost = BigDecimal.ZERO;
        long tokens = 0;
        List<Attempt> attempts = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            Try one = all.get(i);
            BigDecimal own = one.cost(requested, day);
            attempts.add(one.attempt(stream, own));
            cost = cost == null || own == null ? null : cost.add(own);
            tokens += (long) one.tokens().input() + one.tokens().output();
        }
        return new Sum(attempts, tokens, cost);
    }

    /**
     * All tries together.
     *
     * @param tokens read and written
     * @param cost null when one of them is unpriced
     */
    record Sum(
            List<Attempt> attempts, long tokens, @Nullable BigDecimal cost) {}
}
