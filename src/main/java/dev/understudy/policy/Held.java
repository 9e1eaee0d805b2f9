package dev.understudy.policy;

import dev.understudy.call.Decision;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the ids that a call names: whoever holds what they stand for answers it, and nobody else.
 *
 * @param owner name of the model that holds what the call names; null when none is known
 * @param firm whether the owner holds something that the call cannot do without; encrypted content it can
 * @param conflict the answer when two models hold a part each, or null
 * @param unknown the answer to a call that names something of which no owner is known, unless it goes on under the
 *     caller's own key; null when all owners are known
 * @param lost the answer when the owner is no longer there
 */
public record Held(
        @Nullable String owner,
        boolean firm,
        Decision.@Nullable Denial conflict,
        Decision.@Nullable Denial unknown,
        Decision.@Nullable Denial lost) {
    /** The call names nothing that somebody holds. */
    public static final Held NOTHING = new Held(null, false, null, null, null);

    public Held {
        if (firm && (owner == null || lost == null)) {
            throw new IllegalArgumentException("a firm owner must have a name, and an answer for when it is gone");
        }
    }

    /** Whether nothing of what the call names concerns anybody. */
    boolean isNothing() {
        return owner == null && conflict == null && unknown == null && lost == null;
    }
}
