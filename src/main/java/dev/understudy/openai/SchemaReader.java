package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Span;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads one JSON Schema as it passes: its place, a hash of its canonical text, and whether its leaves are closed.
 *
 * <p>Canonical text is compact, keys sorted, strings unescaped and escaped again; numbers keep their spelling. A schema
 * over 64 Ki characters or 64 levels is hashed as it stands, which bounds the sorting.
 */
final class SchemaReader {
    private static final int CHARACTERS = 64 << 10;
    private static final int LEVELS = 64;

    private final byte[] body;
    private final StringBuilder text = new StringBuilder(1_024);
    private final MessageDigest sha = sha256();
    private boolean tooLarge;

    /** A reader for the schemas of one body. */
    SchemaReader(byte[] body) {
        this.body = body;
    }

    /**
     * What was read.
     *
     * @param hash SHA-256, 64 hex digits
     * @param leavesClosed whether every leaf is an enum, a const, a boolean or null
     */
    record Schema(Span span, String hash, boolean leavesClosed) {}

    /** Reads the schema that the parser stands on. */
    Schema read(JsonParser parser) throws IOException, ApiFailure {
        text.setLength(0);
        tooLarge = false;
        int start = StrictJson.start(parser);
        boolean closed = value(parser, Place.SCHEMA, 0);
        Span span = StrictJson.spanFrom(start, parser);
        if (tooLarge) {
            sha.update(body, span.start(), span.length());
        } else {
            sha.update(text.toString().getBytes(StandardCharsets.UTF_8));
        }
        return new Schema(span, HexFormat.of().formatHex(sha.digest()), closed);
    }

    /** What a value is to the schema around it. */
    private enum Place {
        SCHEMA,
        NAMED_SCHEMAS,
        SCHEMAS,
        TYPE,
        PLAIN;

        static Place of(String keyword) {
            return switch (keyword) {
                case "type" -> TYPE;
                case "properties", "patternProperties", "$defs", "definitions" -> NAMED_SCHEMAS;
                case "items", "additionalProperties", "contains", "then", "else" -> SCHEMA;
                case "anyOf", "oneOf", "allOf", "prefixItems" -> SCHEMAS;
                default -> PLAIN;
            };
        }
    }

    /** Copies the value; says whether what it holds as schemas is closed. */
    private boolean value(JsonParser parser, Place place, int level) throws IOException, ApiFailure {
        if (text.length() > CHARACTERS || level > LEVELS) {
            tooLarge = true;
        }
        if (tooLarge) {
            StrictJson.skip(parser);
            return false;
        }
        return switch (parser.currentToken()) {
            case START_OBJECT -> object(parser, place, level);
            case START_ARRAY -> array(parser, place, level);
            case VALUE_STRING -> {
                String string = parser.getText();
                JsonText.quote(text, string);
                yield place == Place.TYPE && (string.equals("boolean") || string.equals("null"));
            }
            default -> {
                text.append(parser.getText());
                // "additionalProperties": false closes, true opens.
                yield parser.currentToken() == JsonToken.VALUE_FALSE;
            }
        };
    }

    private boolean array(JsonParser parser, Place place, int level) throws IOException, ApiFailure {
        boolean closed = true;
        int elements = 0;
        text.append('[');
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (elements++ > 0) {
                text.append(',');
            }
            closed &= value(parser, place == Place.SCHEMAS ? Place.SCHEMA : place, level + 1);
        }
        text.append(']');
        return closed && elements > 0;
    }

    private boolean object(JsonParser parser, Place place, int level) throws IOException, ApiFailure {
        List<Member> members = new ArrayList<>();
        boolean sorted = true;
        boolean fixed = false;
        boolean held = true;
        boolean leaf = true;
        String before = "";
        int start = text.length();
        text.append('{');
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            StrictJson.count(members.size() + 1, parser);
            if (!members.isEmpty()) {
                text.append(',');
            }
            int from = text.length();
            JsonText.quote(text, name);
            text.append(':');
            parser.nextToken();
            Place part =
                    place == Place.SCHEMA ? Place.of(name) : place == Place.NAMED_SCHEMAS ? Place.SCHEMA : Place.PLAIN;
            boolean closed = value(parser, part, level + 1);
            members.add(new Member(name, from, text.length()));
            sorted &= before.compareTo(name) <= 0;
            before = name;
            switch (part) {
                case TYPE -> fixed |= closed;
                case SCHEMA, NAMED_SCHEMAS, SCHEMAS -> {
                    held &= closed;
                    leaf = false;
                }
                // A reference's leaves are judged where they stand, under $defs.
                case PLAIN -> fixed |= name.equals("enum") || name.equals("const") || name.equals("$ref");
            }
        }
        text.append('}');
        if (!sorted && !tooLarge) {
            sort(start, members);
        }
        return place == Place.NAMED_SCHEMAS ? held && !leaf : leaf ? fixed : held;
    }

    private void sort(int start, List<Member> members) {
        members.sort(Comparator.comparing(Member::name));
        StringBuilder again = new StringBuilder(text.length() - start);
        for (Member member : members) {
            again.append(again.isEmpty() ? '{' : ',').append(text, member.from, member.to);
        }
        text.setLength(start);
        text.append(again).append('}');
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** One member of an object: its name and where its text lies. */
    private record Member(String name, int from, int to) {}
}
