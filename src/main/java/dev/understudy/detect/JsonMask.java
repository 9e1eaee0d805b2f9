package dev.understudy.detect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Masks credentials in the strings of a JSON document, names of fields included. Numbers keep their digits. A string over
 * 1 MiB, and media over 64 KiB, is replaced by its hash, so no document grows without bound.
 */
public final class JsonMask {
    private static final int LONGEST_TEXT = 1 << 20;
    private static final int LONGEST_MEDIA = 64 << 10;
    private static final int DEPTH = 2_000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNestingDepth(DEPTH)
                    .build())
            .streamWriteConstraints(
                    StreamWriteConstraints.builder().maxNestingDepth(DEPTH).build())
            // names come from outside: a table of all of them would only grow
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private JsonMask() {}

    /**
     * A document without its credentials.
     *
     * @param json the very bytes that came in when nothing was found or cut
     * @param secrets how many were masked
     * @param cut how many strings were replaced by their hash
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
    public record Masked(byte[] json, int secrets, int cut) {
        /** The record says what was done, never to what. */
        @Override
        public String toString() {
            return "Masked[" + json.length + " bytes, " + secrets + " secrets]";
        }
    }

    /**
     * Masks a document. Bytes that are no JSON become one JSON string with the masked text.
     *
     * @param json UTF-8
     */
    public static Masked mask(byte[] json) {
        try {
            if (isClean(json)) {
                return new Masked(json, 0, 0);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream(json.length + 64);
            Count count = new Count();
            try (JsonParser parser = JSON.createParser(json);
                    JsonGenerator generator = JSON.createGenerator(out)) {
                while (parser.nextToken() != null) {
                    copy(parser, generator, count);
                }
            }
            return new Masked(out.toByteArray(), count.secrets, count.cut);
        } catch (IOException e) {
            return unreadable(json);
        }
    }

    /** Whether a document, read to its end, has nothing to mask or to cut; most have not, and are not written again. */
    private static boolean isClean(byte[] json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                throw new JsonParseException(parser, "empty");
            }
            if (json.length <= LONGEST_MEDIA && SecretForms.isPlain(json)) {
                while (token != null) {
                    token = parser.nextToken();
                }
                return true;
            }
            Count count = new Count();
            for (; token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING) {
                    value(parser.currentName(), parser.getText(), count);
                } else if (token == JsonToken.FIELD_NAME) {
                    count.secrets += SecretMask.mask(parser.currentName()).count();
                }
                if (count.secrets + count.cut > 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final class Count {
        private int secrets;
        private int cut;
    }

    private static void copy(JsonParser parser, JsonGenerator generator, Count count) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_STRING) {
            generator.writeString(value(parser.currentName(), parser.getText(), count));
        } else if (token == JsonToken.FIELD_NAME) {
            SecretMask.Masked name = SecretMask.mask(parser.currentName());
            count.secrets += name.count();
            generator.writeFieldName(whole(name.text()));
        } else if (token.isNumeric()) {
            generator.writeNumber(parser.getText());
        } else {
            generator.copyCurrentEvent(parser);
        }
    }

    private static String value(@Nullable String name, String text, Count count) {
        boolean media = text.startsWith("data:");
        if (text.length() > (media ? LONGEST_MEDIA : LONGEST_TEXT)) {
            count.cut++;
            return "<sha256 " + sha256(text) + ", " + text.length() + " characters>";
        }
        SecretMask.Masked masked = SecretMask.mask(name, text);
        count.secrets += masked.count();
        return whole(masked.text());
    }

    /** Text for UTF-8: half of a surrogate pair, which JSON can write but UTF-8 cannot, becomes the replacement character. */
    public static String whole(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_16), StandardCharsets.UTF_16);
            }
        }
        return text;
    }

    private static Masked unreadable(byte[] bytes) {
        SecretMask.Masked text = SecretMask.mask(new String(bytes, StandardCharsets.UTF_8));
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 64);
        try (JsonGenerator generator = JSON.createGenerator(out)) {
            generator.writeString(whole(text.text()));
        } catch (IOException e) {
            throw new IllegalStateException("a byte array takes every byte", e);
        }
        return new Masked(out.toByteArray(), text.count(), 0);
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
