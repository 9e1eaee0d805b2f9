package dev.understudy.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerFileUpload;
import io.vertx.core.http.HttpServerRequest;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files that were sent to the scripted upstream: the last few, in memory. For one event loop. */
final class FileBook {
    private static final int MOST_FILES = 100;
    /** Of a longer file only the length is kept. */
    private static final int KEPT_BYTES = 1 << 20;

    private final InstantSource clock;
    private final Map<String, Entry> files = new LinkedHashMap<>();
    private long made;

    FileBook(InstantSource clock) {
        this.clock = clock;
    }

    /** Reads a form with a file and keeps it; then is told the file's object, null when the form has no file. */
    void take(HttpServerRequest request, Taken then) {
        Entry entry = new Entry("file-scripted" + ++made, clock.instant().getEpochSecond());
        request.setExpectMultipart(true);
        request.uploadHandler(entry::take);
        request.endHandler(end -> {
            String purpose = request.getFormAttribute("purpose");
            entry.purpose = purpose == null ? "" : purpose;
            if (entry.name == null) {
                then.taken(null);
                return;
            }
            files.put(entry.id, entry);
            if (files.size() > MOST_FILES) {
                Iterator<String> oldest = files.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
            then.taken(entry.json());
        });
    }

    /** All files, newest first, as a page. */
    ObjectNode list() {
        ObjectNode list = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        files.values().forEach(file -> data.insert(0, file.json()));
        list.put("has_more", false);
        return list;
    }

    /** One file's object; null when there is none. */
    @Nullable
    ObjectNode find(String id) {
        Entry file = files.get(id);
        return file == null ? null : file.json();
    }

    /** What is in a file, as far as it was kept; null when there is none. */
    @Nullable
    Buffer content(String id) {
        Entry file = files.get(id);
        return file == null ? null : file.content;
    }

    /** Whether there was such a file, which is gone then. */
    boolean forget(String id) {
        return files.remove(id) != null;
    }

    /** Who waits for a file. */
    interface Taken {
        void taken(@Nullable ObjectNode file);
    }

    /** One file. */
    private static final class Entry {
        private final String id;
        private final long created;
        private final Buffer content = Buffer.buffer();
        private String purpose = "";
        private @Nullable String name;
        private long bytes;

        Entry(String id, long created) {
            this.id = id;
            this.created = created;
        }

        void take(HttpServerFileUpload upload) {
            name = upload.filename();
            upload.handler(part -> {
                bytes += part.length();
                if (bytes <= KEPT_BYTES) {
                    content.appendBuffer(part);
                }
            });
        }

        ObjectNode json() {
            return JsonNodeFactory.instance
                    .objectNode()
                    .put("id", id)
                    .put("object", "file")
                    .put("bytes", bytes)
                    .put("created_at", created)
                    .put("filename", name)
                    .put("purpose", purpose)
                    .put("status", "processed");
        }
    }
}
