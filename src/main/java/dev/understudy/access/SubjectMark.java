package dev.understudy.access;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Turns the name that a caller gives its end user into a keyed hash, so that rows of one person can be found and
 * withdrawn without ever holding the name. Another team's rows of the same name have another hash.
 */
@Singleton
final class SubjectMark {
    private static final String HMAC = "HmacSHA256";
    private static final int DIGITS = 32;

    private final SecretKeySpec key;

    @Inject
    SubjectMark(DataFolder folder) throws StoreFailure {
        this(folder.installationSecret());
    }

    /** @param secret of the installation, 32 bytes */
    SubjectMark(byte[] secret) {
        this.key = new SecretKeySpec(secret.clone(), HMAC);
    }

    /** 32 hex digits for that name in that team. */
    String of(String team, String subject) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(key);
            mac.update("subject\0".getBytes(StandardCharsets.UTF_8));
            mac.update((team + "\0").getBytes(StandardCharsets.UTF_8));
            byte[] hash = mac.doFinal(subject.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, DIGITS);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }
}
