package dev.understudy.serve;

import dev.understudy.model.Catalogue;
import dev.understudy.model.Model;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The models of one policy set, kept open while the set is in force or a call still ends on it. Whoever holds it lets it
 * go exactly once; a model closes when the last set that shares it is let go.
 */
final class LiveModels {
    private final Catalogue catalogue;
    private final Map<String, Shared> models;
    private final AtomicInteger holders = new AtomicInteger(1);

    /** Takes over one hold on each of these models. */
    private LiveModels(Catalogue catalogue, Map<String, Shared> models) {
        this.catalogue = catalogue;
        this.models = models;
    }

    /**
     * The models of a set, held once by the caller.
     *
     * @param before the set in force until then, whose unchanged models are kept; null at the start
     * @param maker makes those that are new
     */
    static LiveModels of(Catalogue catalogue, @Nullable LiveModels before, Maker maker) {
        Map<String, Shared> models = new HashMap<>();
        for (String name : catalogue.cards().keySet()) {
            Shared kept = before == null ? null : before.models.get(name);
            if (before != null && kept != null && maker.isSame(kept.model, before.catalogue, catalogue)) {
                kept.holders.incrementAndGet();
                models.put(name, kept);
            } else {
                Model made = maker.make(name, catalogue);
                if (made != null) {
                    models.put(name, new Shared(made));
                }
            }
        }
        return new LiveModels(catalogue, Map.copyOf(models));
    }

    Catalogue catalogue() {
        return catalogue;
    }

    /** The model of that name, or null when nothing here can make it. */
    @Nullable
    Model model(String name) {
        Shared shared = models.get(name);
        return shared == null ? null : shared.model;
    }

    /** Keeps all of it open until {@link #release()}; false when it is closed already and a newer set must be asked. */
    boolean hold() {
        int now = holders.get();
        while (now > 0) {
            if (holders.compareAndSet(now, now + 1)) {
                return true;
            }
            now = holders.get();
        }
        return false;
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            models.values().forEach(Shared::release);
        }
    }

    /** How the models of a set come to be. */
    interface Maker {
        /** Whether a live model is just what the new set asks for, what it rests on included. */
        boolean isSame(Model live, Catalogue before, Catalogue now);

        /** A new model, or null when nothing here can make it. */
        @Nullable
        Model make(String name, Catalogue catalogue);
    }

    /** One model and the number of sets that have it. */
    private static final class Shared {
        private final Model model;
        private final AtomicInteger holders = new AtomicInteger(1);

        Shared(Model model) {
            this.model = model;
        }

        void release() {
            if (holders.decrementAndGet() == 0) {
                model.close();
            }
        }
    }
}
