package dev.understudy.slm;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What makes two answers comparable: the same weights, adapter, template and sampling rules.
 *
 * @param hash SHA-256 over all of them, 64 hex digits
 */
record Variant(String hash) {
    /** Changes with grammar, reading and default sampling, since they change answers too. */
    private static final String RULES = "rules 1";

    private static final int CHUNK = 1 << 16;
    private static final int FINGERPRINT = 10;

    static Variant of(String weights, String adapter, double scale, String template) {
        String all = String.join("\n", weights, adapter, Double.toString(scale), template, RULES);
        return new Variant(HexFormat.of().formatHex(sha256().digest(all.getBytes(StandardCharsets.UTF_8))));
    }

    /** As {@code system_fingerprint} shows it. */
    String fingerprint() {
        return "fp_" + hash.substring(0, FINGERPRINT);
    }

    /** A team as a number, for {@link SlmRequest#scope}. */
    static long scope(String team) {
        return ByteBuffer.wrap(sha256().digest(team.getBytes(StandardCharsets.UTF_8)))
                .getLong();
    }

    /** SHA-256 of a file, 64 hex digits. */
    static String sum(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of some bytes, 64 hex digits. */
    static String sum(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
