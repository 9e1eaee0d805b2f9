package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.TokenCount;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a few members of a JSON text that streams by, and never holds more than one of their values. Objects in lists
 * count as members of the list's owner: the ids of {@code {"data":[{"id":"a"}]}} are found as {@code data.id}. Several
 * texts after each other are fine, and so are the lines of events between them. What is no JSON is not found, and harms
 * nobody. For one thread.
 */
public final class JsonSkim {
    /** Deeper down nothing is looked for. */
    private static final int DEPTH = 6;

    private static final int NAME_BYTES = 64;
    private static final int TEXT_BYTES = 1 << 20;
    private static final int USAGE_BYTES = 16 << 10;
    private static final String USAGE = "usage";

    private final Set<String> wanted;
    private final Listener listener;
    private final String[] names = new String[DEPTH + 1];
    private final boolean[] lists = new boolean[DEPTH + 1];
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream(64);
    private int depth;
    private int usageDepth;
    private boolean inText;
    private boolean escaped;
    private boolean expectsName;
    private boolean naming;
    private @Nullable String path;
    private int room;

    /** Told of what is found, in the order of the text. */
    public interface Listener {
        /** A text, unescaped. */
        void text(String path, String value);

        /** The top-level {@code usage}, where it reports something usable. */
        void usage(TokenCount tokens);
    }

    /**
     * @param wanted paths of texts, names joined by dots
     */
    public JsonSkim(Set<String> wanted, Listener listener) {
        this.wanted = Set.copyOf(wanted);
        this.listener = listener;
    }

    /** Looks at the next piece. */
    public void feed(Buffer piece) {
        byte[] bytes = piece.getBytes();
        for (byte b : bytes) {
            if (inText) {
                inText(b);
            } else {
                between(b);
            }
        }
    }

    private void inText(byte b) {
        capture(b);
        if (escaped) {
            escaped = false;
        } else if (b == '\\') {
            escaped = true;
        } else if (b == '"') {
            inText = false;
            endOfText();
        }
    }

    private void between(byte b) {
        switch (b) {
            case '"' -> startOfText(b);
            case '{', '[' -> open(b);
            case '}', ']' -> close(b);
            case ',' -> {
                expectsName = depth > 0 && depth <= DEPTH && !lists[depth];
                capture(b);
            }
            default -> capture(b);
        }
    }

    private void startOfText(byte b) {
        inText = true;
        if (usageDepth > 0) {
            capture(b);
            return;
        }
        naming = expectsName;
        path = naming || depth > DEPTH ? null : wantedPath();
        if (naming) {
            begin(NAME_BYTES);
        } else if (path != null) {
            begin(TEXT_BYTES);
        } else {
            room = 0;
        }
        capture(b);
    }

    private void endOfText() {
        if (usageDepth > 0) {
            return;
        }
        String found = path;
        if (naming) {
            naming = false;
            expectsName = false;
            names[depth] = room < 0 ? "" : text();
        } else if (found != null && room >= 0) {
            listener.text(found, text());
        }
        path = null;
        room = 0;
    }

    private void open(byte b) {
        depth++;
        if (usageDepth == 0 && b == '{' && depth == 2 && USAGE.equals(names[1]) && !lists[1]) {
            usageDepth = depth;
            begin(USAGE_BYTES);
        }
        capture(b);
        if (depth <= DEPTH) {
            lists[depth] = b == '[';
            names[depth] = "";
        }
        expectsName = b == '{' && depth <= DEPTH;
    }

    private void close(byte b) {
        capture(b);
        if (depth > 0) {
            if (depth == usageDepth) {
                usageDepth = 0;
                usage();
                room = 0;
            }
            depth--;
        }
        expectsName = false;
    }

    private void usage() {
        if (room < 0) {
            return;
        }
        byte[] object = captured.toByteArray();
        try (JsonParser parser = UpstreamJson.open(object, 0, object.length)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                TokenCount tokens = UsageReader.any(parser);
                if (tokens.source() == TokenCount.Source.REPORTED) {
                    listener.usage(tokens);
                }
            }
        } catch (IOException e) {
            // An upstream's broken usage counts for nothing.
        }
    }

    /** The path of the value that begins here, if it is wanted. */
    private @Nullable String wantedPath() {
        if (wanted.isEmpty() || depth == 0 || lists[depth]) {
            return null;
        }
        String last = names[depth];
        boolean ends = false;
        for (String one : wanted) {
            ends |= one.endsWith(last);
        }
        if (!ends || last.isEmpty()) {
            return null;
        }
        StringBuilder joined = new StringBuilder();
        for (int i = 1; i <= depth; i++) {
            if (!lists[i]) {
                if (names[i].isEmpty()) {
                    // too long a name to be one of ours
                    return null;
                }
                joined.append(joined.isEmpty() ? "" : ".").append(names[i]);
            }
        }
        String whole = joined.toString();
        return wanted.contains(whole) ? whole : null;
    }

    private void begin(int bytes) {
        captured.reset();
        room = bytes;
    }

    /** Keeps a byte while there is room; from the byte on that does not fit, {@code room} is negative. */
    private void capture(byte b) {
        if (room > 0) {
            captured.write(b);
            room--;
            if (room == 0) {
                room = -1;
            }
        }
    }

    /** The text that was captured with its quotes. */
    private String text() {
        byte[] quoted = captured.toByteArray();
        for (byte b : quoted) {
            if (b == '\\') {
                return unescaped(quoted);
            }
        }
        return new String(quoted, 1, quoted.length - 2, StandardCharsets.UTF_8);
    }

    private static String unescaped(byte[] quoted) {
        try (JsonParser parser = UpstreamJson.open(quoted, 0, quoted.length)) {
            return parser.nextToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
        } catch (IOException e) {
            return "";
        }
    }
}
