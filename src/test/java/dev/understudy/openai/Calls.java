package dev.understudy.openai;

import dev.understudy.call.Call;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** Calls made of JSON text. */
final class Calls {
    private Calls() {}

    static Call of(String json) throws ApiFailure {
        return of(json.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static Call of(byte[] json, Map<String, String> headers) throws ApiFailure {
        return CallReader.read(new UUID(0x7000L, 1), Instant.EPOCH, 0, json, headers);
    }

    /** A stream whose caller wants a usage chunk, or does not. */
    static Call stream(boolean usage) throws ApiFailure {
        return of("{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":" + usage
                + "},\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    }
}
