package dev.understudy.capture;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.understudy.detect.SecretMask;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes small JSON documents for columns of type {@code jsonb}; strings come out masked and whole. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** What writes the inside of a document. */
    interface Content {
        void writeTo(JsonGenerator out) throws IOException;
    }

    /** The document that {@code content} writes. */
    static String write(Content content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            content.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** A member with a string, left out when there is none. */
    static void member(JsonGenerator out, String name, @Nullable String value) throws IOException {
        if (value != null) {
            out.writeStringField(name, clean(value));
        }
    }

    /** A member that maps names to strings, left out when it is empty. */
    static void member(JsonGenerator out, String name, Map<String, String> values) throws IOException {
        if (!values.isEmpty()) {
            out.writeObjectFieldStart(name);
            for (Map.Entry<String, String> entry : values.entrySet()) {
                out.writeStringField(clean(entry.getKey()), clean(entry.getValue()));
            }
            out.writeEndObject();
        }
    }

    /** Text that a column takes and that gives nothing away: NUL and half characters, which it refuses, are U+FFFD. */
    static String clean(String text) {
        String masked = SecretMask.mask(text).text();
        StringBuilder whole = null;
        for (int i = 0; i < masked.length(); i++) {
            char c = masked.charAt(i);
            if (c != 0 && !Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c)
                    && i + 1 < masked.length()
                    && Character.isLowSurrogate(masked.charAt(i + 1))) {
                i++;
                continue;
            }
            whole = whole == null ? new StringBuilder(masked) : whole;
            whole.setCharAt(i, '\uFFFD');
        }
        return whole == null ? masked : whole.toString();
    }

    /** As {@link #clean}, for what may be absent. */
    static @Nullable String cleanOrNull(@Nullable String text) {
        return text == null ? null : clean(text);
    }
}
