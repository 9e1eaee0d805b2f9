package dev.understudy.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** SHA-256 of a whole key: the only form in which a key is kept, in memory and in the database. */
public final class KeyDigest {
    private final byte[] sha256;

    /** A stored digest of 32 bytes. */
    public KeyDigest(byte[] sha256) {
        if (sha256.length != 32) {
            throw new IllegalArgumentException("sha256 must have 32 bytes, got " + sha256.length);
        }
        this.sha256 = sha256.clone();
    }

    /** The digest of a key as it was shown. */
    public static KeyDigest of(String key) {
        try {
            return new KeyDigest(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** The 32 bytes, for the column. */
    public byte[] bytes() {
        return sha256.clone();
    }

    /** Takes the same time wherever the two differ. */
    @Override
    public boolean equals(Object other) {
        return other instanceof KeyDigest digest && MessageDigest.isEqual(sha256, digest.sha256);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sha256);
    }

    /** The first eight hex digits, enough to tell two apart in a log. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(sha256, 0, 4);
    }
}
