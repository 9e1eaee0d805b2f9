package dev.understudy.slm;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Bounds of the tools and schemas of a chat body, whose nesting has been looked at before. One pass over its bytes; a
 * message begins with the field at fault.
 */
final class SchemaLimits {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final int MAX_TOOLS = 128;
    private static final int MAX_NAME = 64;
    private static final int MAX_SCHEMA_BYTES = 64 << 10;
    private static final int MAX_PROPERTIES = 500;
    private static final int MAX_VALUES = 500;
    private static final int MAX_PATTERN_BYTES = 512;
    private static final int MAX_REPETITIONS = 2_000;
    private static final int MAX_DEPTH = 66;
    private static final Set<String> REPETITIONS = Set.of("minLength", "maxLength", "minItems", "maxItems");
    /** Values, not schemas: whatever stands in them bounds nothing. */
    private static final Set<String> VALUES = Set.of("const", "default", "examples");

    private final JsonParser parser;

    private SchemaLimits(JsonParser parser) {
        this.parser = parser;
    }

    /** Throws {@link SlmException} with {@code INVALID} for a body that is over a bound; what is no JSON is left alone. */
    static void check(byte[] body) {
        try (JsonParser parser = FACTORY.createParser(body)) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                new SchemaLimits(parser).body();
            }
        } catch (IOException e) {
            throw invalid("messages: the body is no JSON");
        }
    }

    private void body() throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (field.equals("tools") && value == JsonToken.START_ARRAY) {
                tools();
            } else if (field.equals("response_format") && value == JsonToken.START_OBJECT) {
                schemas("response_format", "schema");
            } else {
                parser.skipChildren();
            }
        }
    }

    private void tools() throws IOException {
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == null) {
                return;
            }
            if (++count > MAX_TOOLS) {
                throw invalid("tools: more than " + MAX_TOOLS);
            }
            if (parser.currentToken() == JsonToken.START_OBJECT) {
                schemas("tools", "parameters");
            }
        }
    }

    /** The object that begins here: the name of its function, and the schemas that stand under a field. */
    private void schemas(String where, String field) throws IOException {
        int depth = 1;
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                return;
            }
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.FIELD_NAME && parser.currentName().equals(field)) {
                if (parser.nextToken() == JsonToken.START_OBJECT) {
                    schema(where);
                }
            } else if (where.equals("tools")
                    && depth == 2
                    && token == JsonToken.VALUE_STRING
                    && "name".equals(parser.currentName())) {
                name(parser.getText());
            }
        }
    }

    private static void name(String name) {
        boolean plain = !name.isEmpty() && name.length() <= MAX_NAME;
        for (int i = 0; plain && i < name.length(); i++) {
            char c = name.charAt(i);
            plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }
        if (!plain) {
            throw invalid("tools: a name is 1 to " + MAX_NAME + " letters, digits, _ and -");
        }
    }

    /** The schema whose object begins here. */
    private void schema(String where) throws IOException {
        long from = parser.currentTokenLocation().getByteOffset();
        // what the containers that are open stand under
        String[] under = new String[MAX_DEPTH];
        int depth = 0;
        int properties = 0;
        int values = 0;
        under[depth++] = "";
        while (depth > 0) {
            JsonToken token = parser.nextToken();
            if (token == null || depth == MAX_DEPTH - 1) {
                return;
            }
            String within = under[depth - 1];
            if (token == JsonToken.FIELD_NAME) {
                properties += within.equals("properties") ? 1 : 0;
                continue;
            }
            if (token.isStructEnd()) {
                depth--;
                continue;
            }
            values += within.equals("enum") ? 1 : 0;
            String field = parser.getParsingContext().inArray() ? "" : String.valueOf(parser.currentName());
            if (token.isStructStart()) {
                // the name of an object that begins is its parent's to tell
                String name = parser.getParsingContext().getParent().getCurrentName();
                boolean named = parser.getParsingContext().getParent().inObject() && name != null;
                if (named && (VALUES.contains(name) || (name.equals("enum") && token == JsonToken.START_OBJECT))) {
                    parser.skipChildren();
                } else {
                    under[depth++] = named && !within.equals("properties") ? name : "";
                }
            } else {
                leaf(where, field, token);
            }
        }
        if (properties > MAX_PROPERTIES) {
            throw invalid(where + ": more than " + MAX_PROPERTIES + " properties");
        }
        if (values > MAX_VALUES) {
            throw invalid(where + ": more than " + MAX_VALUES + " enum values");
        }
        if (parser.currentLocation().getByteOffset() - from > MAX_SCHEMA_BYTES) {
            throw invalid(where + ": a schema over 64 KiB");
        }
    }

    private void leaf(String where, String field, JsonToken token) throws IOException {
        if (field.equals("pattern")
                && token == JsonToken.VALUE_STRING
                && parser.getText().getBytes(StandardCharsets.UTF_8).length > MAX_PATTERN_BYTES) {
            throw invalid(where + ": pattern over " + MAX_PATTERN_BYTES + " bytes");
        }
        if (REPETITIONS.contains(field) && token == JsonToken.VALUE_NUMBER_INT) {
            boolean fits = parser.getNumberType() == JsonParser.NumberType.INT
                    && parser.getIntValue() >= 0
                    && parser.getIntValue() <= MAX_REPETITIONS;
            if (!fits) {
                throw invalid(where + ": " + field + " must be between 0 and " + MAX_REPETITIONS);
            }
        }
    }

    private static SlmException invalid(String message) {
        return new SlmException(SlmException.Code.INVALID, message);
    }
}
