package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One page of an upstream's list, of which a team shall see its own entries only: what others have there under the same
 * key is none of its business.
 */
public final class OwnList {
    /** A page is full with so many bytes, however few entries they are. */
    private static final int FULL_BYTES = 32 << 20;

    private final byte[] json;
    private final List<Entry> entries = new ArrayList<>();
    private boolean list;
    private boolean hasMore;

    private OwnList(byte[] json) {
        this.json = json;
    }

    /** One entry and where it lies. */
    private record Entry(String id, int start, int end) {}

    /** Reads a page; null when it is no list. */
    public static @Nullable OwnList read(Buffer page) {
        OwnList list = new OwnList(page.getBytes());
        try (JsonParser parser = UpstreamJson.open(list.json, 0, list.json.length)) {
            list.read(parser);
        } catch (IOException e) {
            return null;
        }
        return list.list ? list : null;
    }

    /** Ids of all entries, in order. */
    public List<String> ids() {
        return entries.stream().map(Entry::id).toList();
    }

    /** Whether the upstream has more entries after these. */
    public boolean hasMore() {
        return hasMore;
    }

    /**
     * Adds the entries that are the team's own.
     *
     * @param own ids
     * @param most entries that the page may have in the end
     * @return whether all of them had room
     */
    public boolean addTo(Page page, Set<String> own, int most) {
        for (Entry entry : entries) {
            if (own.contains(entry.id)) {
                if (page.count == most || page.data.length() > FULL_BYTES) {
                    return false;
                }
                page.add(entry.id, json, entry.start, entry.end);
            }
        }
        return true;
    }

    private void read(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("data") && value == JsonToken.START_ARRAY) {
                list = true;
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    entry(parser);
                }
            } else if (name.equals("has_more")) {
                hasMore = value == JsonToken.VALUE_TRUE;
            } else {
                parser.skipChildren();
            }
        }
    }

    private void entry(JsonParser parser) throws IOException {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        String id = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean isId = parser.currentName().equals("id");
            if (parser.nextToken() == JsonToken.VALUE_STRING && isId) {
                id = parser.getText();
            }
            parser.skipChildren();
        }
        entries.add(new Entry(id, start, (int) parser.currentLocation().getByteOffset()));
    }

    /** The page that the team is shown, made of one or more of the upstream's. */
    public static final class Page {
        private final Buffer data = Buffer.buffer();
        private @Nullable String first;
        private @Nullable String last;
        private int count;

        private void add(String id, byte[] json, int start, int end) {
            if (count > 0) {
                data.appendByte((byte) ',');
            }
            data.appendBytes(json, start, end - start);
            first = first == null ? id : first;
            last = id;
            count++;
        }

        /** Entries so far. */
        public int count() {
            return count;
        }

        /** The page as OpenAI would write it, its cursors those of the team's own entries. */
        public Buffer json(boolean hasMore) {
            StringBuilder end = new StringBuilder("],\"first_id\":");
            JsonText.quoteOrNull(end, first);
            JsonText.quoteOrNull(end.append(",\"last_id\":"), last);
            end.append(",\"has_more\":").append(hasMore).append('}');
            return Buffer.buffer("{\"object\":\"list\",\"data\":[")
                    .appendBuffer(data)
                    .appendString(end.toString());
        }
    }
}
