package dev.understudy.serve;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a raw path asks for. Nothing is decoded before it is known to be harmless. */
sealed interface RequestPath {
    /** {@code /v1/chat/completions}. */
    record Chat() implements RequestPath {}

    /** {@code /v1/responses}. */
    record Responses() implements RequestPath {}

    /** {@code /v1/realtime}, which is for WebSockets alone. */
    record Realtime() implements RequestPath {}

    /** {@code /v1/models}. */
    record Models() implements RequestPath {}

    /** {@code /v1/models/{id}}; the id may hold slashes and colons. */
    record OneModel(String id) implements RequestPath {}

    /**
     * A path that is passed through.
     *
     * @param endpoints one for each of its methods
     * @param ids in the path, decoded, in their order
     */
    record Passed(List<Endpoint> endpoints, List<String> ids) implements RequestPath {}

    /** Anything else. */
    record Unknown() implements RequestPath {}

    /** Nothing of ours, but the same path below {@code base} would be. */
    record Misplaced(String base) implements RequestPath {}

    /** Reads a path as it stands in the request line. */
    static RequestPath of(@Nullable String path) {
        if (path == null) {
            return new Unknown();
        }
        if (path.equals("/v1/chat/completions")) {
            return new Chat();
        }
        if (path.equals("/v1/responses")) {
            return new Responses();
        }
        if (path.equals("/v1/realtime")) {
            return new Realtime();
        }
        if (path.equals("/v1/models")) {
            return new Models();
        }
        if (path.startsWith("/v1/models/") && path.length() > "/v1/models/".length()) {
            return oneModel(path.substring("/v1/models/".length()));
        }
        if (isSuspicious(path)) {
            return new Unknown();
        }
        Passed passed = passed(path);
        if (passed != null) {
            return passed;
        }
        String cut = path.startsWith("/v1/v1/") ? path.substring("/v1".length()) : "/v1" + path;
        return isKnown(cut) ? new Misplaced("/v1") : new Unknown();
    }

    private static boolean isKnown(String path) {
        return path.equals("/v1/chat/completions")
                || path.equals("/v1/responses")
                || path.equals("/v1/models")
                || path.startsWith("/v1/models/")
                || passed(path) != null;
    }

    private static @Nullable Passed passed(String path) {
        if (!path.startsWith("/v1/")) {
            return null;
        }
        List<String> segments = new ArrayList<>();
        String[] raws = path.substring("/v1/".length()).split("/", -1);
        try {
            for (String raw : raws) {
                if (raw.isEmpty()) {
                    return null;
                }
                segments.add(URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8));
            }
        } catch (IllegalArgumentException e) {
            return null;
        }
        List<Endpoint> endpoints = Endpoint.at(segments);
        if (endpoints.isEmpty()) {
            return null;
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            if (endpoints.getFirst().segments().get(i).equals(Endpoint.ID)) {
                ids.add(segments.get(i));
            } else if (!raws[i].equals(segments.get(i))) {
                // Nobody has reason to encode a letter of a word, but to slip past those who compare it.
                return null;
            }
        }
        return new Passed(endpoints, ids);
    }

    private static RequestPath oneModel(String raw) {
        // Slashes are part of some names, so an encoded one is fine here; everything else suspicious is not.
        if (isSuspicious("/" + raw.replace("%2F", "/").replace("%2f", "/"))) {
            return new Unknown();
        }
        try {
            return new OneModel(URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return new Unknown();
        }
    }

    private static boolean isSuspicious(String path) {
        return path.contains("//")
                || path.contains("/../")
                || path.contains("/./")
                || path.endsWith("/..")
                || path.endsWith("/.")
                || path.indexOf(';') >= 0
                || path.indexOf('\\') >= 0
                || containsEncoded(path, 'e')
                || containsEncoded(path, 'f')
                || path.toLowerCase(java.util.Locale.ROOT).contains("%5c");
    }

    /** Whether the path has {@code %2} and that digit in either case: an encoded dot or slash. */
    private static boolean containsEncoded(String path, char digit) {
        for (int i = path.indexOf("%2"); i >= 0 && i + 2 < path.length(); i = path.indexOf("%2", i + 1)) {
            if (Character.toLowerCase(path.charAt(i + 2)) == digit) {
                return true;
            }
        }
        return false;
    }
}
