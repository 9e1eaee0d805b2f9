package dev.understudy.admin;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.Set;

/**
 * Refuses paths that two readers could read differently. Path permissions, static files and resources each decode a path
 * in their own way; where an encoded slash, a matrix parameter or a dot segment gets through, a closed address can be
 * reached under an open one's name. No address of ours needs any of these, so all are refused before anybody decodes.
 */
@Singleton
class RawPathGuard {
    /** Before authentication, which runs as a filter of its own far below this priority. */
    private static final int FIRST = 10_000;

    private static final Set<String> FORBIDDEN_ESCAPES = Set.of("2f", "5c", "2e", "3b", "25", "00");

    void register(@Observes Filters filters) {
        filters.register(RawPathGuard::check, FIRST);
    }

    private static void check(RoutingContext context) {
        if (isPlain(context.request().uri())) {
            context.next();
        } else {
            Refusal.ODD_PATH.answer(context);
        }
    }

    /** Whether the path of a request target (what stands before {@code ?}) can be read in one way only. */
    static boolean isPlain(String target) {
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        if (!path.startsWith("/")) {
            return false;
        }
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c <= ' ' || c >= 0x7f || c == ';' || c == '\\' || c == '#') {
                return false;
            }
            if (c == '%' && !isHarmlessEscape(path, i)) {
                return false;
            }
            if (c == '/' && startsOddSegment(path, i + 1)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHarmlessEscape(String path, int percent) {
        if (percent + 2 >= path.length()) {
            return false;
        }
        String digits = path.substring(percent + 1, percent + 3).toLowerCase(Locale.ROOT);
        return digits.chars().allMatch(d -> Character.digit(d, 16) >= 0) && !FORBIDDEN_ESCAPES.contains(digits);
    }

    /** Whether an empty or a dot segment begins at {@code start}; one slash at the end is fine. */
    private static boolean startsOddSegment(String path, int start) {
        return path.startsWith("/", start) || endsAfterDots(path, start);
    }

    private static boolean endsAfterDots(String path, int start) {
        int i = start;
        while (i < path.length() && path.charAt(i) == '.') {
            i++;
        }
        boolean ends = i == path.length() || path.charAt(i) == '/';
        return i > start && ends;
    }
}
