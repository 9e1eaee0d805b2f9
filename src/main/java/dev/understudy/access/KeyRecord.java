package dev.understudy.access;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One key, as far as anybody may see it again.
 *
 * @param prefix the eight digits by which people tell keys apart
 * @param name what ops called it, or null
 * @param createdAt read from the id
 * @param expiresAt null: never
 * @param revokedAt null: in force
 */
public record KeyRecord(
        UUID id,
        String prefix,
        String team,
        String app,
        @Nullable String name,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Instant revokedAt) {
    /** Why this key is no longer good at that moment, or null when it is. */
    AccessDenied.@Nullable Reason faultAt(Instant now) {
        if (revokedAt != null) {
            return AccessDenied.Reason.REVOKED;
        }
        return expiresAt != null && !now.isBefore(expiresAt) ? AccessDenied.Reason.EXPIRED : null;
    }
}
