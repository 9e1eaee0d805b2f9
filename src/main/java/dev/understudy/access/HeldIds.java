package dev.understudy.access;

import dev.understudy.call.Secret;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which upstream holds what a caller names by an id: responses, items, conversations, files, uploads, batches, stored
 * chats. An id belongs to the team that an answer first showed it to; of another team's ids nobody learns that they
 * exist. Safe to use from every event loop; nothing here blocks.
 */
public interface HeldIds {
    /**
     * Remembers who holds an id: at once in memory, soon in the database. An id that no provider would make (empty, over
     * 512 characters, not printable ASCII) is left out, and so is never found.
     */
    void bind(String team, String id, Owner owner, Life life);

    /**
     * Who holds these ids, on the calling event loop.
     *
     * @return those of the ids that are known to this team and not expired; fails with {@link IdsUnavailable} when some
     *     are not in memory and the database cannot be asked
     */
    Future<Map<String, Owner>> find(String team, Collection<String> ids);

    /** Forgets an id, since what it named was deleted. */
    void forget(String team, String id);

    /** The id that stands for encrypted content, which is too long to be one and is found again by its digest. */
    static String ofContent(String encryptedContent) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(encryptedContent.getBytes(StandardCharsets.UTF_8));
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * Who holds something.
     *
     * @param upstream name of the model in the catalogue
     * @param credential short digest of the caller's own key under which it was made; null: under our key
     */
    record Owner(String upstream, @Nullable String credential) {
        public Owner {
            if (upstream.isEmpty()) {
                throw new IllegalArgumentException("upstream must not be empty");
            }
        }

        /** The owner of what that upstream makes under that key of the caller's, or under ours when it is null. */
        public static Owner of(String upstream, @Nullable Secret providerKey) {
            return new Owner(
                    upstream,
                    providerKey == null
                            ? null
                            : KeyDigest.of(providerKey.reveal()).toString());
        }
    }

    /** How long an id is remembered. */
    enum Life {
        /** What OpenAI itself keeps for thirty days, with some to spare. */
        RESPONSES(Duration.ofDays(45)),
        /** Until it is deleted. */
        KEPT(null);

        private final @Nullable Duration length;

        Life(@Nullable Duration length) {
            this.length = length;
        }

        /** Null: until it is deleted. */
        @Nullable
        Duration length() {
            return length;
        }
    }
}
