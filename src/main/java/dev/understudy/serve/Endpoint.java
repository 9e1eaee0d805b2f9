package dev.understudy.serve;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One method of one of OpenAI's paths that are passed through. The table is all there is: other methods and other paths
 * get nowhere.
 *
 * @param segments of the path below {@code /v1}; {@value #ID} stands for an id
 * @param query names that OpenAI has for it
 * @param traits what is done besides passing on
 */
record Endpoint(HttpMethod method, List<String> segments, Set<String> query, Set<Trait> traits) {
    static final String ID = "{id}";

    private static final Set<String> EVERYWHERE = Set.of("api-version", "beta");
    private static final String PAGE = "after limit order";

    /** What is done with a request or its answer besides passing it on. */
    enum Trait {
        /** A body may be multipart, which is not read. */
        MULTIPART,
        /** A model is asked, which the body names; one that cannot be seen is for apps that may ask for any. */
        MODEL,
        /** A model is asked that no body shows. */
        HIDDEN_MODEL,
        /** The answer's usage is new, and is metered. */
        METERED,
        /** The answer shows ids, which are bound. */
        BINDS,
        /** Its ids are those of Responses, which their maker forgets. */
        RESPONSES,
        /** The answer lists what all teams have there under one key. */
        LISTS,
        /** Success means that the path's last id is no more. */
        FORGETS
    }

    static final List<Endpoint> ALL = List.of(
            of("POST completions", "", Trait.MODEL, Trait.METERED),
            of("POST embeddings", "", Trait.MODEL, Trait.METERED),
            of("POST moderations", "", Trait.MODEL, Trait.METERED),
            of("POST audio/speech", "", Trait.MODEL, Trait.METERED),
            of("POST audio/transcriptions", "", Trait.MULTIPART, Trait.MODEL, Trait.METERED),
            of("POST audio/translations", "", Trait.MULTIPART, Trait.MODEL, Trait.METERED),
            of("POST images/generations", "", Trait.MODEL, Trait.METERED),
            of("POST images/edits", "", Trait.MULTIPART, Trait.MODEL, Trait.METERED),
            of("POST images/variations", "", Trait.MULTIPART, Trait.MODEL, Trait.METERED),
            of("GET files", PAGE + " purpose", Trait.LISTS),
            of("POST files", "", Trait.MULTIPART, Trait.BINDS),
            of("GET files/{id}", "", Trait.BINDS),
            of("DELETE files/{id}", "", Trait.FORGETS),
            of("GET files/{id}/content", ""),
            of("POST uploads", "", Trait.BINDS),
            of("POST uploads/{id}/parts", "", Trait.MULTIPART),
            of("POST uploads/{id}/complete", "", Trait.BINDS),
            of("POST uploads/{id}/cancel", "", Trait.BINDS),
            of("GET batches", "after limit", Trait.LISTS),
            of("POST batches", "", Trait.HIDDEN_MODEL, Trait.BINDS),
            of("GET batches/{id}", "", Trait.BINDS),
            of("POST batches/{id}/cancel", "", Trait.BINDS),
            of("POST conversations", "", Trait.BINDS),
            of("GET conversations/{id}", "", Trait.BINDS),
            of("POST conversations/{id}", "", Trait.BINDS),
            of("DELETE conversations/{id}", "", Trait.FORGETS),
            of("GET conversations/{id}/items", PAGE + " include", Trait.BINDS),
            of("POST conversations/{id}/items", "include", Trait.BINDS),
            of("GET conversations/{id}/items/{id}", "include", Trait.BINDS),
            of("DELETE conversations/{id}/items/{id}", "", Trait.FORGETS),
            of("GET chat/completions", PAGE + " metadata model", Trait.LISTS),
            of("GET chat/completions/{id}", "", Trait.BINDS),
            of("POST chat/completions/{id}", "", Trait.BINDS),
            of("DELETE chat/completions/{id}", "", Trait.FORGETS),
            of("GET chat/completions/{id}/messages", PAGE),
            of("POST responses/input_tokens", "", Trait.MODEL),
            of("POST responses/compact", "", Trait.MODEL, Trait.METERED, Trait.BINDS, Trait.RESPONSES),
            of("GET responses/{id}", "include include_obfuscation starting_after stream", Trait.BINDS, Trait.RESPONSES),
            of("DELETE responses/{id}", "", Trait.FORGETS),
            of("POST responses/{id}/cancel", "", Trait.BINDS, Trait.RESPONSES),
            of("GET responses/{id}/input_items", PAGE + " before include", Trait.BINDS, Trait.RESPONSES));

    private static final Map<Integer, List<Endpoint>> BY_LENGTH = byLength();

    private static Endpoint of(String line, String query, Trait... traits) {
        int space = line.indexOf(' ');
        Set<Trait> all = EnumSet.noneOf(Trait.class);
        all.addAll(List.of(traits));
        return new Endpoint(
                HttpMethod.valueOf(line.substring(0, space)),
                List.of(line.substring(space + 1).split("/")),
                query.isEmpty() ? Set.of() : Set.of(query.split(" ")),
                all);
    }

    private static Map<Integer, List<Endpoint>> byLength() {
        Map<Integer, List<Endpoint>> all = new java.util.HashMap<>();
        for (Endpoint endpoint : ALL) {
            all.computeIfAbsent(endpoint.segments.size(), length -> new ArrayList<>())
                    .add(endpoint);
        }
        return Map.copyOf(all);
    }

    /** The endpoints of a path, one for each of its methods; empty when it is not passed through. */
    static List<Endpoint> at(List<String> path) {
        List<Endpoint> found = new ArrayList<>(2);
        for (Endpoint endpoint : BY_LENGTH.getOrDefault(path.size(), List.of())) {
            if (endpoint.covers(path)) {
                found.add(endpoint);
            }
        }
        return withoutMistaken(found, path);
    }

    /** A word of OpenAI's own, such as {@code responses/compact}, is no id where it is meant as a word. */
    private static List<Endpoint> withoutMistaken(List<Endpoint> found, List<String> path) {
        for (Endpoint exact : found) {
            if (exact.segments.equals(path)) {
                return found.stream()
                        .filter(other -> other.segments.equals(path))
                        .toList();
            }
        }
        return found;
    }

    boolean has(Trait trait) {
        return traits.contains(trait);
    }

    /**
     * The path and query that go on, below the base URL: the template, the ids and the known parameters, encoded anew.
     *
     * @param ids in their order
     * @param parameters decoded
     */
    String uri(List<String> ids, MultiMap parameters) {
        StringBuilder uri = new StringBuilder(64);
        int next = 0;
        for (String segment : segments) {
            uri.append('/');
            if (segment.equals(ID)) {
                encode(uri, ids.get(next++));
            } else {
                uri.append(segment);
            }
        }
        char joint = '?';
        for (Map.Entry<String, String> parameter : parameters) {
            if (knows(parameter.getKey())) {
                encode(uri.append(joint), parameter.getKey());
                encode(uri.append('='), parameter.getValue());
                joint = '&';
            }
        }
        return uri.toString();
    }

    /** Whether OpenAI has that parameter here; lists and maps are written with brackets after the name. */
    private boolean knows(String parameter) {
        int bracket = parameter.indexOf('[');
        String name = bracket < 0 ? parameter : parameter.substring(0, bracket);
        return query.contains(name) || EVERYWHERE.contains(name);
    }

    private boolean covers(List<String> path) {
        for (int i = 0; i < segments.size(); i++) {
            if (!segments.get(i).equals(ID) && !segments.get(i).equals(path.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** What RFC 3986, section 2.3, leaves unreserved stays, all else is escaped. */
    private static void encode(StringBuilder out, @Nullable String text) {
        for (byte b : (text == null ? "" : text).getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '-'
                    || c == '_'
                    || c == '.'
                    || c == '~';
            if (plain) {
                out.append(c);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
    }
}
