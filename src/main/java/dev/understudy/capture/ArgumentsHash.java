package dev.understudy.capture;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Hashes the arguments of tool calls under the team's key, so that equal ones are seen and none can be guessed. */
final class ArgumentsHash {
    private static final String HMAC = "HmacSHA256";
    private static final int SHOWN = 8;

    private final byte[] installationSecret;

    ArgumentsHash(byte[] installationSecret) {
        this.installationSecret = installationSecret.clone();
    }

    /** 16 hex digits. */
    String of(String team, String arguments) {
        byte[] teamKey = hmac(installationSecret, team);
        return HexFormat.of().formatHex(Arrays.copyOf(hmac(teamKey, arguments), SHOWN));
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + HMAC, e);
        }
    }
}
