package dev.understudy.serve;

import dev.understudy.access.HeldIds;
import dev.understudy.call.Caller;
import dev.understudy.call.Secret;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.Relay;
import dev.understudy.openai.ApiError;
import dev.understudy.openai.ApiFailure;
import org.jspecify.annotations.Nullable;

/**
 * Who answers a request that is passed through.
 *
 * @param key the caller's own, where it goes on; null under our key
 */
record Answerer(ModelCard card, Relay relay, @Nullable Secret key) {
    /**
     * The first target of a decision; there is no second one.
     *
     * @throws ApiFailure when it is not behind a base URL
     */
    static Answerer of(Ruling ruling, Caller caller) throws ApiFailure {
        String name = ruling.decision().targets().getFirst().model();
        Model model = ruling.models().model(name);
        if (!(model instanceof Relay relay)) {
            throw new ApiFailure(
                    ApiError.NO_ELIGIBLE_MODEL,
                    "The model `" + name + "` is not behind a base URL: see `upstream.baseUrl` in the files of kind"
                            + " Models.");
        }
        ModelCard card = model.card();
        boolean forwards = card.place() instanceof ModelCard.Place.Upstream upstream
                && upstream.credential() instanceof ModelCard.Credential.Forward;
        return new Answerer(card, relay, forwards ? caller.providerKey() : null);
    }

    /** The owner of what comes about. */
    HeldIds.Owner owner() {
        return HeldIds.Owner.of(card.name(), key);
    }

    /** The name that the upstream knows the model by; null: as requested. */
    @Nullable
    String upstreamModel() {
        return card.place() instanceof ModelCard.Place.Upstream upstream ? upstream.model() : null;
    }
}
