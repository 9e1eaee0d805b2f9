package dev.understudy.policy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** What stands in a document, each value with its place. */
sealed interface Tree {
    /** Where the value begins. */
    Place place();

    /**
     * A single value.
     *
     * @param value a {@code String}, {@code Boolean}, {@code BigInteger}, {@code BigDecimal}, or null
     */
    record Leaf(Place place, @Nullable Object value) implements Tree {}

    /**
     * A list.
     *
     * @param items null where an item was taken out because it is wrong, so that the others keep their numbers
     */
    record Items(Place place, List<@Nullable Tree> items) implements Tree {
        public Items {
            items = Collections.unmodifiableList(new ArrayList<>(items));
        }
    }

    /** A map, in the order of the file. */
    record Fields(Place place, SequencedMap<String, Field> fields) implements Tree {
        public Fields {
            fields = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(fields));
        }

        /** The value of that field, or null. */
        @Nullable
        Tree get(String name) {
            Field field = fields.get(name);
            return field == null ? null : field.value();
        }

        /** The text of that field, or null when it is missing or no text. */
        @Nullable
        String text(String name) {
            return get(name) instanceof Leaf(Place place, String text) ? text : null;
        }
    }

    /** A key and its value. */
    record Field(Place keyPlace, Tree value) {}

    /** The value at the end of that path, or null when there is none. */
    static @Nullable Tree at(Tree root, List<?> path) {
        Tree here = root;
        for (Object step : path) {
            here = here == null ? null : step(here, step);
        }
        return here;
    }

    /** Where the value at the end of that path begins, or else the last part of the way that exists. */
    static Place placeOf(Tree root, List<?> path) {
        Tree here = root;
        for (Object step : path) {
            Tree next = step(here, step);
            if (next == null) {
                return here.place();
            }
            here = next;
        }
        return here.place();
    }

    private static @Nullable Tree step(Tree here, Object step) {
        return switch (here) {
            case Leaf leaf -> null;
            case Fields fields -> fields.get(step.toString());
            case Items items -> {
                int index = step instanceof Integer number ? number : numberOf(step.toString());
                yield index >= 0 && index < items.items().size() ? items.items().get(index) : null;
            }
        };
    }

    private static int numberOf(String text) {
        return text.matches("\\d{1,6}") ? Integer.parseInt(text) : -1;
    }
}
