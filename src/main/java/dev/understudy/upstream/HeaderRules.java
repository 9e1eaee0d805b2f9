package dev.understudy.upstream;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which headers pass: of a request to the upstream, of its answer to the client. What is not named here passes, but for
 * what belongs to one hop (RFC 9110, section 7.6.1).
 */
final class HeaderRules {
    private static final Set<String> HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings");
    private static final Set<String> NOT_ASKED = Set.of(
            "host",
            "content-length",
            "content-encoding",
            "expect",
            "cookie",
            "forwarded",
            "x-real-ip",
            "via",
            "traceparent",
            "tracestate",
            "baggage",
            "accept-encoding",
            "proxy-authorization",
            "authorization",
            "api-key",
            "x-api-key");
    private static final Set<String> NOT_ANSWERED = Set.of(
            "content-type",
            "content-length",
            "content-encoding",
            "alt-svc",
            "strict-transport-security",
            "set-cookie",
            "server",
            "via",
            "proxy-authenticate",
            "x-request-id");

    private HeaderRules() {}

    /**
     * Copies what goes on to the upstream.
     *
     * @param forwarded whether the caller's own credential goes with it; the account's headers belong to it
     */
    static void toUpstream(Iterable<Map.Entry<String, String>> from, MultiMap to, boolean forwarded) {
        String named = connection(from);
        for (Map.Entry<String, String> header : from) {
            String name = lower(header.getKey());
            if (goesOut(name, forwarded) && !isNamed(named, name)) {
                to.add(name, header.getValue());
            }
        }
        to.set(HttpHeaders.ACCEPT_ENCODING, HttpHeaders.IDENTITY);
        if (!to.contains(HttpHeaders.CONTENT_TYPE)) {
            to.set(HttpHeaders.CONTENT_TYPE, "application/json");
        }
    }

    /**
     * What of an answer's headers goes on to the client, names in lower case; of one sent in many lines, the list of
     * their values (RFC 9110, section 5.3).
     *
     * @param ours whether our own key was shown; the account's headers are ours then
     */
    static Map<String, String> toClient(MultiMap from, boolean ours) {
        Map<String, String> kept = new HashMap<>();
        String named = connection(from);
        for (Map.Entry<String, String> header : from) {
            String name = lower(header.getKey());
            if (comesBack(name, ours) && !isNamed(named, name)) {
                String before = kept.putIfAbsent(name, header.getValue());
                if (before != null) {
                    kept.put(name, before + ", " + header.getValue());
                }
            }
        }
        return kept;
    }

    /** What {@code Connection} says, of all its lines. */
    private static @Nullable String connection(Iterable<Map.Entry<String, String>> headers) {
        String said = null;
        for (Map.Entry<String, String> header : headers) {
            if (header.getKey().equalsIgnoreCase("connection")) {
                said = said == null ? header.getValue() : said + "," + header.getValue();
            }
        }
        return said;
    }

    private static boolean goesOut(String name, boolean forwarded) {
        if (HOP.contains(name) || NOT_ASKED.contains(name)) {
            return false;
        }
        if (name.startsWith("x-")) {
            return !name.startsWith("x-understudy-") && !name.startsWith("x-forwarded-");
        }
        return forwarded || !isAccount(name);
    }

    private static boolean comesBack(String name, boolean ours) {
        if (HOP.contains(name) || NOT_ANSWERED.contains(name)) {
            return false;
        }
        if (name.startsWith("cf-") || name.startsWith("access-control-") || name.startsWith("x-understudy-")) {
            return false;
        }
        return !ours || !isAccount(name);
    }

    private static boolean isAccount(String name) {
        return name.equals("openai-organization") || name.equals("openai-project");
    }

    /** Whether the {@code Connection} header declares this one to be of one hop. */
    private static boolean isNamed(@Nullable String connection, String name) {
        if (connection == null || connection.equalsIgnoreCase("keep-alive")) {
            return false;
        }
        for (String token : connection.split(",")) {
            if (token.strip().equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    private static String lower(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                return name.toLowerCase(Locale.ROOT);
            }
        }
        return name;
    }
}
