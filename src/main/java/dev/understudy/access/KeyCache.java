package dev.understudy.access;

import com.github.benmanes.caffeine.cache.AsyncLoadingCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.understudy.telemetry.Keys;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * What the store said of a key a short while ago, also that it knows none. One question at a time goes to the store for
 * one key; for a key in use it goes ahead of time, so that no call waits for it and a revocation elsewhere is seen within
 * seconds. While the store cannot be reached, keys that were good within the last day stay so.
 */
final class KeyCache {
    private static final Duration FRESH = Duration.ofSeconds(10);
    private static final Duration ASKED_AHEAD = Duration.ofSeconds(3);
    private static final Duration KEPT = Duration.ofHours(24);

    private static final Logger LOG = Logger.getLogger(KeyCache.class);

    private final KeyStore store;
    private final AtomicBoolean isDown = new AtomicBoolean();
    private final Duration patience;
    private final AsyncLoadingCache<Credential.Ours, Optional<KeyRecord>> fresh;
    private final Cache<KeyDigest, KeyRecord> kept;

    /**
     * A cache before that store.
     *
     * @param patience how long the store may take
     */
    KeyCache(KeyStore store, Ticker ticker, Duration patience) {
        this.store = store;
        this.patience = patience;
        this.fresh = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(FRESH)
                .refreshAfterWrite(ASKED_AHEAD)
                .maximumSize(50_000)
                .buildAsync((shown, executor) -> ask(shown));
        this.kept = Caffeine.newBuilder()
                .ticker(ticker)
                .expireAfterWrite(KEPT)
                .maximumSize(50_000)
                .build();
    }

    /** The key, or empty when there is none; fails with {@link KeysUnavailable} when nobody can say. */
    Uni<Optional<KeyRecord>> find(Credential.Ours shown) {
        return Uni.createFrom()
                // A stage of its own, since a caller who leaves cancels it, and others wait for the same answer.
                .completionStage(() -> fresh.get(shown).thenApply(found -> found))
                .onItem()
                .ifNull()
                .failWith(() -> new KeysUnavailable(null));
    }

    /** Ends in null when nobody can say, which the cache forgets at once and without a word. */
    private CompletableFuture<Optional<KeyRecord>> ask(Credential.Ours shown) {
        return store.find(shown.prefix(), shown.digest())
                .ifNoItem()
                .after(patience)
                .fail()
                .invoke(found -> remember(shown.digest(), found))
                .onFailure()
                .recoverWithUni(failure -> fallBack(shown.digest(), failure))
                .subscribeAsCompletionStage();
    }

    private void remember(KeyDigest digest, Optional<KeyRecord> found) {
        if (isDown.compareAndSet(true, false)) {
            LOG.info("store of keys came back");
        }
        if (found.isPresent()) {
            kept.put(digest, found.get());
        } else {
            kept.invalidate(digest);
        }
    }

    private Uni<Optional<KeyRecord>> fallBack(KeyDigest digest, Throwable failure) {
        if (isDown.compareAndSet(false, true)) {
            LOG.warnf("store of keys not reached, remembered keys go on %s=%s", Keys.REASON, failure);
        }
        KeyRecord last = kept.getIfPresent(digest);
        return last == null ? Uni.createFrom().nullItem() : Uni.createFrom().item(Optional.of(last));
    }

    /** Forgets everything, since a key was made or revoked here. */
    void clear() {
        fresh.synchronous().invalidateAll();
        kept.invalidateAll();
    }
}
