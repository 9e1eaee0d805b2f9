package dev.understudy.upstream;

import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFactory;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;

/** Makes models of the cards that have a base URL. */
@Singleton
public final class UpstreamModels implements ModelFactory {
    private final Vertx vertx;
    private final MeterRegistry meters;

    public UpstreamModels(Vertx vertx, MeterRegistry meters) {
        this.vertx = vertx;
        this.meters = meters;
    }

    @Override
    public boolean makes(ModelCard card) {
        return card.place() instanceof ModelCard.Place.Upstream;
    }

    @Override
    public Model make(ModelCard card, Catalogue catalogue) {
        if (!(card.place() instanceof ModelCard.Place.Upstream place)) {
            throw new IllegalArgumentException("card: must have a base URL, got " + card.name());
        }
        return new UpstreamModel(vertx, meters, card, place);
    }
}
