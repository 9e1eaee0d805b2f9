package dev.understudy.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The head of an answer.
 *
 * @param status of the upstream; 200 for a small model
 * @param headers that go on to the client, names in lower case; content type and length are not among them
 * @param upstreamRequestId the provider's own id, or null
 */
public record Accepted(
        int status, Map<String, String> headers, @Nullable String upstreamRequestId) {
    /** A small model's head. */
    public static final Accepted LOCAL = new Accepted(200, Map.of(), null);

    public Accepted {
        headers = Map.copyOf(headers);
    }
}
