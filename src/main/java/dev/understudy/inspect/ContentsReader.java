package dev.understudy.inspect;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.detect.InjectionMarks;
import dev.understudy.detect.SecretMask;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks for credentials and marker phrases in what a call says, tool results too. A conversation sends the same messages
 * again and again, so each is looked at once. What the agent's author wrote is not searched for marker phrases: an honest
 * prompt may name them.
 */
final class ContentsReader {
    static final String SECRET = "secret";
    static final String INJECTION = "injection";

    private static final long CACHE_BYTES = 8L << 20;
    private static final int HAS_SECRET = 1;
    private static final int HAS_MARK = 2;

    private final Cache<TeamText, Integer> seen = Caffeine.newBuilder()
            .maximumWeight(CACHE_BYTES)
            .weigher((TeamText key, Integer found) -> 2 * key.text.length() + 128)
            .build();

    private record TeamText(String team, String text) {}

    /**
     * The kinds of what was found.
     *
     * @param patienceNanos after which it gives up
     * @throws IllegalStateException when it took too long
     */
    Set<String> read(Call call, String team, long patienceNanos) {
        long started = System.nanoTime();
        Set<String> kinds = new TreeSet<>();
        List<Message> messages = call.messages();
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            int found = found(team, message.text());
            if ((found & HAS_SECRET) != 0) {
                kinds.add(SECRET);
            }
            if ((found & HAS_MARK) != 0 && !message.isInstruction()) {
                kinds.add(INJECTION);
            }
            if (System.nanoTime() - started > patienceNanos) {
                throw new IllegalStateException("the contents were not searched in time");
            }
        }
        return kinds;
    }

    private int found(String team, String text) {
        if (text.isEmpty()) {
            return 0;
        }
        TeamText key = new TeamText(team, text);
        Integer known = seen.getIfPresent(key);
        if (known != null) {
            return known;
        }
        int found = (SecretMask.isIn(text) ? HAS_SECRET : 0) | (InjectionMarks.isIn(text) ? HAS_MARK : 0);
        seen.put(key, found);
        return found;
    }
}
