package dev.understudy.admin;

import dev.understudy.policy.StoredSlmSwitch;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where the switch for all small models stands.
 *
 * @param enabled whether they may answer
 * @param known false as long as the database could not be asked; then they may not
 * @param actor who moved it last; null while nobody has
 * @param at when; null while nobody has
 */
public record SlmLine(
        boolean enabled,
        boolean known,
        @Nullable String actor,
        @Nullable Instant at) {
    static SlmLine of(StoredSlmSwitch.@Nullable Position position) {
        return position == null
                ? new SlmLine(false, false, null, null)
                : new SlmLine(position.enabled(), true, position.actor(), position.at());
    }
}
