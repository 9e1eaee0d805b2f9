package dev.understudy.call;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request names that only the upstream which made it can resolve.
 *
 * @param previousResponse {@code previous_response_id}, or null
 * @param conversation id of the conversation that the call belongs to, or null
 * @param items ids of {@code item_reference}s
 * @param files ids of uploaded files
 * @param encrypted values of {@code encrypted_content}, which only their maker can read
 */
public record References(
        @Nullable String previousResponse,
        @Nullable String conversation,
        List<String> items,
        List<String> files,
        List<String> encrypted) {
    /** Nothing is named. */
    public static final References NONE = new References(null, null, List.of(), List.of(), List.of());

    public References {
        items = List.copyOf(items);
        files = List.copyOf(files);
        encrypted = List.copyOf(encrypted);
    }

    /** Whether the request can be answered by any upstream. */
    public boolean isEmpty() {
        return previousResponse == null
                && conversation == null
                && items.isEmpty()
                && files.isEmpty()
                && encrypted.isEmpty();
    }

    /** The record says how much it names, never what. */
    @Override
    public String toString() {
        return "References[" + items.size() + " items, " + files.size() + " files, " + encrypted.size() + " encrypted]";
    }
}
