package dev.understudy.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** JSON as upstreams send it: read leniently, bounded all the same. */
final class UpstreamJson {
    private static final int DOCUMENT_BYTES = 64 << 20;

    private static final JsonFactory LENIENT = JsonFactory.builder()
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(DOCUMENT_BYTES)
                    .build())
            .build();

    private UpstreamJson() {}

    static JsonParser open(byte[] json, int from, int to) throws IOException {
        return LENIENT.createParser(json, from, to - from);
    }

    /** The same text with U+FFFD where the bytes are no UTF-8. */
    static byte[] repaired(byte[] json) {
        return new String(json, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    }

    static ApiFailure malformed(String what) {
        return new ApiFailure(ApiError.UPSTREAM_MALFORMED_RESPONSE, "The upstream " + what + ". Try again.");
    }
}
