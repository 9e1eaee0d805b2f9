package dev.understudy.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * All models that the files name, in the order of the files.
 *
 * @param currency ISO code of all prices
 * @param baseline the model whose price a call is compared with; null: the one requested, priced as the model that
 *     passes requested names on
 * @param cards by name
 */
public record Catalogue(String currency, @Nullable String baseline, SequencedMap<String, ModelCard> cards) {
    public Catalogue {
        cards = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(cards));
    }

    /** The card of that name. */
    public Optional<ModelCard> card(String name) {
        return Optional.ofNullable(cards.get(name));
    }

    /** A catalogue over these cards. */
    public static Catalogue of(String currency, @Nullable String baseline, Map<String, ModelCard> cards) {
        return new Catalogue(currency, baseline, new LinkedHashMap<>(cards));
    }
}
