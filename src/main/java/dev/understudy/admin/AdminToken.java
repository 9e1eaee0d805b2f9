package dev.understudy.admin;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The one secret of the people's door, kept as a digest only. */
@Singleton
class AdminToken {
    private final byte[] digest;

    AdminToken(DataFolder folder) throws StoreFailure {
        digest = digest(folder.adminToken());
    }

    /** Whether {@code shown} is the token; takes the same time however much of it is right. */
    boolean matches(String shown) {
        return MessageDigest.isEqual(digest, digest(shown));
    }

    private static byte[] digest(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
