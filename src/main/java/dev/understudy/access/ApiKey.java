package dev.understudy.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A row of {@code api_key}. Inside this room only; others see {@link KeyRecord}. */
@Entity
@Table(name = "api_key", schema = "understudy")
class ApiKey {
    /** A UUIDv7, which dates the row. */
    @Id
    UUID id;

    @Column(nullable = false, unique = true, columnDefinition = "text")
    String prefix;

    @Column(nullable = false)
    byte[] sha256;

    @Column(nullable = false, columnDefinition = "text")
    String team;

    @Column(nullable = false, columnDefinition = "text")
    String app;

    @Column(columnDefinition = "text")
    @Nullable
    String name;

    @Column(name = "expires_at")
    @Nullable
    Instant expiresAt;

    @Column(name = "revoked_at")
    @Nullable
    Instant revokedAt;

    /** For Hibernate, which fills the fields in. */
    @SuppressWarnings("NullAway.Init")
    protected ApiKey() {}

    ApiKey(UUID id, String prefix, KeyDigest digest, String team, String app) {
        this.id = id;
        this.prefix = prefix;
        this.sha256 = digest.bytes();
        this.team = team;
        this.app = app;
    }
}
