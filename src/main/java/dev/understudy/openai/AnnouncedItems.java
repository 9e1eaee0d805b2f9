package dev.understudy.openai;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a Responses stream has announced so far, by output index. */
final class AnnouncedItems {
    /** No answer has so many items; an index beyond is left alone. */
    private static final int MOST = 10_000;

    private final Map<Integer, Item> items = new HashMap<>();

    /** The item of that index, or null when none was announced. */
    @Nullable
    Item of(int index) {
        return items.get(index);
    }

    /** Whether an item of that index can be announced. */
    static boolean isFit(int index) {
        return index >= 0 && index < MOST;
    }

    Item announce(int index, @Nullable String id) {
        Item item = new Item(id);
        if (isFit(index)) {
            items.put(index, item);
        }
        return item;
    }

    /** One item and what was told of it. */
    static final class Item {
        private final @Nullable String id;
        private final BitSet parts = new BitSet();
        private boolean argumentsTold;
        private boolean argumentsDone;

        private Item(@Nullable String id) {
            this.id = id;
        }

        @Nullable
        String id() {
            return id;
        }

        boolean hasPart(int index) {
            return parts.get(index);
        }

        void partAdded(int index) {
            parts.set(index);
        }

        boolean argumentsTold() {
            return argumentsTold;
        }

        void tellArguments() {
            argumentsTold = true;
        }

        boolean argumentsDone() {
            return argumentsDone;
        }

        void finishArguments() {
            argumentsDone = true;
        }
    }
}
