package dev.understudy.model;

import dev.understudy.database.DataFolder;
import dev.understudy.database.StoreFailure;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes and knows the ids of small models' tool calls: {@code call_}, 24 digits of the call, a number, and six characters
 * that are a keyed check over team, model and all before them. So a request itself tells whose tool loop it goes on with,
 * to every gateway of the installation and after a restart too.
 *
 * <p>Six base62 characters are 35 bits. A caller who guesses has to send a whole request for each guess, some ten thousand
 * million of them, and gains that a small model which a rule lets answer its calls anyway goes on with a loop that another
 * one began. Marks are bound to the team, so those of another team are worth nothing.
 */
@Singleton
public final class OwnerMarks {
    private static final String HMAC = "HmacSHA256";
    private static final String START = "call_";
    private static final int CALL_DIGITS = 24;
    private static final int MOST_CALLS = 1 << 16;
    private static final int NUMBER_DIGITS = 4;

    private static final int MARK = 6;
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private final SecretKeySpec key;

    @Inject
    OwnerMarks(DataFolder folder) throws StoreFailure {
        this(folder.installationSecret());
    }

    /** @param secret of the installation, 32 bytes */
    public OwnerMarks(byte[] secret) {
        SecretKeySpec installation = new SecretKeySpec(secret.clone(), HMAC);
        this.key = new SecretKeySpec(hmac(installation, "owner-marks".getBytes(StandardCharsets.UTF_8)), HMAC);
    }

    /**
     * The id of one tool call, 36 to 39 characters; OpenAI takes 40.
     *
     * @param model name of the small model in the catalogue
     * @param call whose id is unique, so that this one is
     * @param number tells the calls of one answer apart, 0 to 65,535
     */
    public String id(String team, String model, UUID call, int number) {
        if (number < 0 || number >= MOST_CALLS) {
            throw new IllegalArgumentException("number must be 0 to 65,535, got " + number);
        }
        String digits = call.toString().replace("-", "");
        String rest = START + digits.substring(digits.length() - CALL_DIGITS) + Integer.toHexString(number);
        return rest + mark(team, model, rest);
    }

    /** Whether that model made the id for that team; quick to say no where the id has another shape. */
    public boolean isOf(String team, String model, String id) {
        if (!hasShape(id)) {
            return false;
        }
        int end = id.length() - MARK;
        return mark(team, model, id.substring(0, end)).equals(id.substring(end));
    }

    private static boolean hasShape(String id) {
        int before = START.length() + CALL_DIGITS + MARK;
        if (id.length() <= before || id.length() > before + NUMBER_DIGITS || !id.startsWith(START)) {
            return false;
        }
        for (int i = START.length(); i < id.length() - MARK; i++) {
            char c = id.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    private String mark(String team, String model, String rest) {
        String text = team.length() + ":" + team + ";" + model.length() + ":" + model + ";" + rest;
        long value = ByteBuffer.wrap(hmac(key, text.getBytes(StandardCharsets.UTF_8)))
                .getLong();
        char[] mark = new char[MARK];
        for (int i = 0; i < MARK; i++) {
            mark[i] = DIGITS.charAt((int) Long.remainderUnsigned(value, DIGITS.length()));
            value = Long.divideUnsigned(value, DIGITS.length());
        }
        return new String(mark);
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
