package dev.understudy.upstream;

import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import dev.understudy.model.ModelCard;
import dev.understudy.model.ModelFactory;
import dev.understudy.telemetry.Meters;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Makes models of the cards that have a base URL. */
@Singleton
public final class UpstreamModels implements ModelFactory {
    private final Vertx vertx;
    private final MeterRegistry meters;
    /** The newest of each name, for gauges, of which there is one a name however often models are made anew. */
    private final Map<String, UpstreamModel> newest = new ConcurrentHashMap<>();

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
        UpstreamModel made = new UpstreamModel(vertx, meters, card, place);
        newest.put(card.name(), made);
        Gauge.builder(Meters.UPSTREAM_STATE, newest, all -> level(all.get(card.name())))
                .tag(Meters.UPSTREAM, card.name())
                .strongReference(true)
                .register(meters);
        return made;
    }

    private static double level(@Nullable UpstreamModel model) {
        return model == null ? Double.NaN : model.breaker().level();
    }
}
