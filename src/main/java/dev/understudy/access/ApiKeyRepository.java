package dev.understudy.access;

import io.quarkus.hibernate.reactive.panache.PanacheRepositoryBase;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.UUID;

/** Queries on {@code api_key}; each needs an open session. */
@ApplicationScoped
class ApiKeyRepository implements PanacheRepositoryBase<ApiKey, UUID> {
    /** The row with that stored prefix, or null. */
    Uni<ApiKey> byPrefix(String prefix) {
        return find("prefix", prefix).firstResult();
    }

    /** All rows, oldest first. */
    Uni<List<ApiKey>> inOrder() {
        return list("order by id");
    }
}
