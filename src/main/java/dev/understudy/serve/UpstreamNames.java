package dev.understudy.serve;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.understudy.call.Secret;
import dev.understudy.model.ListedModel;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelLister;
import dev.understudy.model.Readiness;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What upstreams said of the names that they know, a few minutes ago. One question at a time goes to each. An upstream
 * that cannot be asked has none, for a few seconds. Under a caller's own key nothing is remembered: another caller's may
 * open other doors.
 */
final class UpstreamNames {
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);
    private static final int UPSTREAMS = 200;

    private final AsyncCache<ModelLister, Said> said;

    UpstreamNames(Ticker ticker) {
        this.said = Caffeine.newBuilder()
                .ticker(ticker)
                .maximumSize(UPSTREAMS)
                .expireAfter(
                        Expiry.<ModelLister, Said>creating((lister, answer) -> answer.failed() ? AFTER_FAILURE : FRESH))
                .buildAsync();
    }

    /**
     * The names that a caller may ask for: the catalogue's, then those of the upstreams in turn, the first of each name.
     * A caller's own key goes to one base URL only; where models that forward it lie behind several, nobody can say
     * here which of them it is for, and none is asked.
     *
     * @param own the catalogue's, which the caller may ask for
     * @param passing models that pass requested names on, in the order of the files
     * @param key the caller's own, or null
     * @param allowed whether the caller may ask for a name
     */
    CompletableFuture<ModelNames> merged(
            List<ModelCard> own, List<Model> passing, @Nullable Secret key, Predicate<String> allowed) {
        List<CompletableFuture<List<ListedModel>>> asked = new ArrayList<>();
        boolean oneAddress = haveOneAddress(passing);
        for (Model model : passing) {
            boolean forwards = forwardsTo(model) != null;
            boolean usable = model.readiness().state() != Readiness.State.UNAVAILABLE;
            if (model instanceof ModelLister lister && usable && (!forwards || (key != null && oneAddress))) {
                asked.add(of(lister, forwards ? key : null));
            }
        }
        return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).thenApply(all -> {
            Set<String> seen = new HashSet<>();
            own.forEach(card -> seen.add(card.name()));
            List<ListedModel> names = new ArrayList<>();
            for (CompletableFuture<List<ListedModel>> answer : asked) {
                for (ListedModel model : answer.join()) {
                    if (allowed.test(model.id()) && seen.add(model.id())) {
                        names.add(model);
                    }
                }
            }
            return new ModelNames(own, names);
        });
    }

    private static boolean haveOneAddress(List<Model> models) {
        Set<URI> addresses = new HashSet<>();
        for (Model model : models) {
            URI to = forwardsTo(model);
            if (to != null) {
                addresses.add(to);
            }
        }
        return addresses.size() == 1;
    }

    private static @Nullable URI forwardsTo(Model model) {
        return model.card().place() instanceof ModelCard.Place.Upstream upstream
                        && upstream.credential() instanceof ModelCard.Credential.Forward
                ? upstream.baseUrl()
                : null;
    }

    /**
     * The names that an upstream knows; none when it cannot be asked. To be called on an event loop; the answer may come
     * on another.
     *
     * @param providerKey null: the gateway's own key, or none, is shown
     */
    private CompletableFuture<List<ListedModel>> of(ModelLister lister, @Nullable Secret providerKey) {
        CompletableFuture<Said> answer =
                providerKey == null ? said.get(lister, (one, executor) -> ask(one, null)) : ask(lister, providerKey);
        return answer.thenApply(Said::models);
    }

    private static CompletableFuture<Said> ask(ModelLister lister, @Nullable Secret key) {
        return lister.list(key)
                .handle((models, failure) -> failure == null ? new Said(models, false) : new Said(List.of(), true))
                .toCompletableFuture();
    }

    private record Said(List<ListedModel> models, boolean failed) {}
}
