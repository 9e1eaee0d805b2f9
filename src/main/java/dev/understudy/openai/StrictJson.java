package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.understudy.call.Span;
import java.io.IOException;

/**
 * JSON as requests must have it: UTF-8 without a mark, no key twice in an object, bounded depth, digits and keys, nothing
 * after the document. What breaks a rule is told by line and column, never by content.
 */
final class StrictJson {
    private static final int BODY_BYTES = 64 << 20;
    private static final int DEPTH = 500;
    private static final int DIGITS = 1_000;
    private static final int KEYS = 100_000;

    // Without canonical names Jackson falls back to a slower parser that knows no byte offsets. Its guard against
    // colliding names throws unchecked; the table is seeded, so it is safe to leave off.
    private static final JsonFactory STRICT = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH)
                    .maxNumberLength(DIGITS)
                    .maxStringLength(BODY_BYTES)
                    .build())
            .build();

    private StrictJson() {}

    /** A parser over the whole body, before its first token. */
    static JsonParser open(byte[] body) throws IOException, ApiFailure {
        int broken = Utf8.firstBroken(body);
        if (broken >= 0) {
            throw new ApiFailure(
                    ApiError.INVALID_JSON, "The body is not UTF-8 at byte " + broken + ". Send JSON in UTF-8.");
        }
        // Jackson would guess UTF-16 and UTF-32 from zero bytes, and skip a byte order mark.
        for (int i = 0; i < Math.min(4, body.length); i++) {
            boolean mark = i == 0 && body[i] == (byte) 0xEF;
            if (body[i] == 0 || mark) {
                throw new ApiFailure(
                        ApiError.INVALID_JSON,
                        "The body does not begin with a JSON object. Send JSON in UTF-8 without a byte order mark.");
            }
        }
        return STRICT.createParser(body);
    }

    /** A parser over a part of a body that was read before. */
    static JsonParser reopen(byte[] body, Span part) throws IOException {
        return STRICT.createParser(body, part.start(), part.length());
    }

    /** Offset of the first byte of the token that the parser stands on. */
    static int start(JsonParser parser) {
        return (int) parser.currentTokenLocation().getByteOffset();
    }

    /** Reads the value that the parser stands on to its end and says where it lies. */
    static Span skipSpan(JsonParser parser) throws IOException, ApiFailure {
        int start = start(parser);
        skip(parser);
        return spanFrom(start, parser);
    }

    /** The stretch from {@code start} to the end of the token that the parser stands on. */
    static Span spanFrom(int start, JsonParser parser) throws IOException {
        parser.finishToken();
        return new Span(start, (int) parser.currentLocation().getByteOffset());
    }

    /** Goes to the end of the value that the parser stands on; the depth limit bounds the recursion. */
    static void skip(JsonParser parser) throws IOException, ApiFailure {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            int keys = 0;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                count(++keys, parser);
                parser.nextToken();
                skip(parser);
            }
        } else if (token == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                skip(parser);
            }
        }
    }

    /** Refuses an object that has too many keys. */
    static void count(int keys, JsonParser parser) throws ApiFailure {
        if (keys > KEYS) {
            throw limit(parser.currentLocation());
        }
    }

    /** What a parser's exception means to the caller. */
    static ApiFailure failure(JsonProcessingException broken, JsonParser parser) {
        JsonLocation at = broken.getLocation() == null ? parser.currentLocation() : broken.getLocation();
        if (broken instanceof StreamConstraintsException) {
            return limit(at);
        }
        String reason = broken.getOriginalMessage();
        if (reason != null && reason.startsWith("Duplicate field")) {
            String key =
                    ApiFailure.echo(String.valueOf(parser.getParsingContext().getCurrentName()));
            return new ApiFailure(
                    ApiError.DUPLICATE_KEY,
                    "The key '" + key + "' appears twice in one object, at " + place(at) + ". Send each key once.",
                    key);
        }
        return invalid(at);
    }

    /** Something else stands where the parser is. */
    static ApiFailure invalid(JsonLocation at) {
        return new ApiFailure(
                ApiError.INVALID_JSON,
                "The body is not valid JSON at " + place(at) + ". Send one JSON object in UTF-8.");
    }

    private static ApiFailure limit(JsonLocation at) {
        return new ApiFailure(
                ApiError.JSON_LIMIT_EXCEEDED,
                "The body goes over a limit at " + place(at)
                        + ": objects and arrays may be nested 500 deep, a number may have 1,000 digits, an object"
                        + " 100,000 keys, a key 50,000 bytes.");
    }

    private static String place(JsonLocation at) {
        return "line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
