package dev.understudy.inspect;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes the keyed hashes of sites. Each team has a key of its own, HMAC-SHA-256 of its name under the secret of the
 * installation, so that nothing can be compared across teams or guessed from outside.
 */
@Singleton
public final class SiteKeys {
    private static final String HMAC = "HmacSHA256";
    private static final int TEAMS = 10_000;
    private static final int SITE_DIGITS = 16;

    private final LoadingCache<String, TeamKey> teams;

    @Inject
    SiteKeys(DataFolder folder) throws StoreFailure {
        this(folder.installationSecret());
    }

    /** @param secret of the installation, 32 bytes */
    public SiteKeys(byte[] secret) {
        SecretKeySpec key = new SecretKeySpec(secret.clone(), HMAC);
        this.teams = Caffeine.newBuilder().maximumSize(TEAMS).build(team -> TeamKey.of(key, team));
    }

    /** The bucket of these inputs, 64 hex digits. */
    public String bucket(String team, SiteInputs inputs) {
        return HexFormat.of().formatHex(key(team).hmac(bytes(inputs)));
    }

    /** The outline of masked lines. */
    public Outline outline(String team, List<String> lines) {
        return Outline.of(lines, key(team).lines());
    }

    /** The name of a site that begins with this outline, 16 hex digits; the same on every machine of the installation. */
    public String site(String team, String bucket, Outline outline) {
        ByteBuffer text = ByteBuffer.allocate(bucket.length() + Long.BYTES * outline.lines());
        text.put(bucket.getBytes(StandardCharsets.US_ASCII));
        outline.digest(text);
        return HexFormat.of().formatHex(key(team).hmac(text.array())).substring(0, SITE_DIGITS);
    }

    /** A keyed hash of these texts together, 16 hex digits. */
    String mark(String team, String... texts) {
        StringBuilder all = new StringBuilder();
        for (String text : texts) {
            all.append(text.length()).append(':').append(text);
        }
        return HexFormat.of().toHexDigits(key(team).lines().hash(all));
    }

    private TeamKey key(String team) {
        return teams.get(team);
    }

    private static byte[] bytes(SiteInputs inputs) {
        StringBuilder text = new StringBuilder(256);
        append(text, "masks-" + Masks.VERSION);
        append(text, inputs.api());
        append(text, inputs.family());
        text.append(inputs.tools().size()).append(';');
        for (String tool : inputs.tools()) {
            append(text, tool);
        }
        append(text, inputs.format());
        append(text, inputs.choice());
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void append(StringBuilder text, String input) {
        text.append(input.length()).append(':').append(input).append(';');
    }

    /** The keys of one team. */
    private record TeamKey(SecretKeySpec key, SipHash lines) {
        static TeamKey of(SecretKeySpec installation, String team) {
            SecretKeySpec key =
                    new SecretKeySpec(hmac(installation, ("team:" + team).getBytes(StandardCharsets.UTF_8)), HMAC);
            ByteBuffer lines = ByteBuffer.wrap(hmac(key, "lines".getBytes(StandardCharsets.UTF_8)));
            return new TeamKey(key, new SipHash(lines.getLong(), lines.getLong()));
        }

        byte[] hmac(byte[] text) {
            return hmac(key, text);
        }

        private static byte[] hmac(SecretKeySpec key, byte[] text) {
            try {
                Mac mac = Mac.getInstance(HMAC);
                mac.init(key);
                return mac.doFinal(text);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every Java has " + HMAC, e);
            }
        }
    }
}
