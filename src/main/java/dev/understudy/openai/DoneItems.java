package dev.understudy.openai;

import io.vertx.core.buffer.Buffer;
import java.util.SortedMap;
import java.util.TreeMap;

/** The items that a Responses stream told as done, for an upstream whose last event leaves them out. */
final class DoneItems {
    private final int limit;
    private final SortedMap<Integer, Buffer> items = new TreeMap<>();
    private int bytes;

    /** @param limit bytes that are remembered; of an answer with more, nothing is */
    DoneItems(int limit) {
        this.limit = limit;
    }

    /** Remembers the item that stands in a frame from {@code from} to {@code to}. */
    void add(int index, Buffer frame, int from, int to) {
        bytes += to - from;
        if (bytes > limit) {
            items.clear();
        } else {
            items.put(index, frame.slice(from, to));
        }
    }

    boolean isEmpty() {
        return items.isEmpty();
    }

    /** All of them as a JSON array, in the order of their places in the answer. */
    String array() {
        StringBuilder array = new StringBuilder(bytes + 2).append('[');
        for (Buffer item : items.values()) {
            array.append(array.length() == 1 ? "" : ",").append(item.toString());
        }
        return array.append(']').toString();
    }
}
