package dev.understudy.access;

import io.smallrye.mutiny.Uni;
import java.util.Optional;

/** Where keys are found. */
interface KeyStore {
    /**
     * The key with that stored prefix and that digest, also when it has expired or was revoked; empty when there is
     * none. Fails when the store cannot be reached. May be called from any thread and answers on any.
     */
    Uni<Optional<KeyRecord>> find(String prefix, KeyDigest digest);
}
