package dev.understudy.access;

import dev.understudy.call.Secret;
import org.jspecify.annotations.Nullable;

/** What a caller showed: nothing, a key of ours, or something that is meant for an upstream. */
sealed interface Credential {
    /** No header, or the word {@code none} that clients send who must send something. */
    record Nothing() implements Credential {}

    /** A whole key of ours by its form; whether it is known is another question. */
    record Ours(String prefix, KeyDigest digest) implements Credential {}

    /** The caller's own key for its provider. */
    record Provider(Secret key) implements Credential {}

    /**
     * Reads the headers. {@code Authorization: Bearer} (in any case) wins over {@code api-key} and {@code x-api-key};
     * where both are there they must say the same.
     *
     * @throws AccessDenied when one is empty, when the scheme or the characters are not those of RFC 6750, when two
     *     headers name two different principals, or when a key of ours was cut short
     */
    static Credential read(@Nullable String authorization, @Nullable String apiKeyHeader) throws AccessDenied {
        String bearer = authorization == null ? null : bearerOf(some(authorization));
        String plain = apiKeyHeader == null ? null : some(apiKeyHeader);
        if (bearer != null && plain != null && !bearer.equals(plain)) {
            throw new AccessDenied(AccessDenied.Reason.SEVERAL);
        }
        String shown = bearer == null ? plain : bearer;
        if (shown == null || shown.equalsIgnoreCase("none")) {
            return new Nothing();
        }
        if (!isToken68(shown)) {
            throw new AccessDenied(AccessDenied.Reason.MALFORMED);
        }
        if (!KeyForm.isOurs(shown)) {
            return new Provider(new Secret(shown));
        }
        String prefix = KeyForm.prefixOf(shown);
        if (prefix == null) {
            throw new AccessDenied(AccessDenied.Reason.MALFORMED);
        }
        return new Ours(prefix, KeyDigest.of(shown));
    }

    /** The value without blanks around it. */
    private static String some(String value) throws AccessDenied {
        String text = value.strip();
        if (text.isEmpty()) {
            throw new AccessDenied(AccessDenied.Reason.EMPTY);
        }
        return text;
    }

    private static String bearerOf(String authorization) throws AccessDenied {
        int end = authorization.indexOf(' ');
        String scheme = end < 0 ? authorization : authorization.substring(0, end);
        if (!scheme.equalsIgnoreCase("bearer")) {
            throw new AccessDenied(AccessDenied.Reason.MALFORMED);
        }
        return some(end < 0 ? "" : authorization.substring(end));
    }

    /** The characters that RFC 6750, section 2.1, allows in a bearer token. */
    private static boolean isToken68(String text) {
        if (text.length() > 4_096) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!fits && "-._~+/=".indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }
}
