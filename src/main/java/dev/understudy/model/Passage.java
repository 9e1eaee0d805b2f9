package dev.understudy.model;

import dev.understudy.call.Secret;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A request that is passed on; its body follows.
 *
 * @param at when it came
 * @param method in upper case
 * @param path below the base URL, encoded, with its query; begins with a slash
 * @param headers all headers of the request as they came, from which those are taken that go on; not to be changed
 * @param providerKey the caller's own credential, for models that forward it; else null
 * @param length bytes of the body; 0 when there is none, negative when nobody knows
 * @param loop the event loop of the request; the sink is told there and nowhere else
 */
public record Passage(
        Instant at,
        String method,
        String path,
        Iterable<Map.Entry<String, String>> headers,
        @Nullable Secret providerKey,
        long length,
        Executor loop) {
    public Passage {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path must begin with a slash");
        }
    }

    /** The record says what is done, never to what: a path may hold a caller's words. */
    @Override
    public String toString() {
        return "Passage[" + method + "]";
    }
}
