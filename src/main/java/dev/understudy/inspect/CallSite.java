package dev.understudy.inspect;

/**
 * Where in an agent a call comes from.
 *
 * @param id 16 hex digits, made once
 * @param outline the lines of its prompt that stay the same
 */
public record CallSite(String id, Outline outline) {
    /** Sites that one bucket may hold. */
    public static final int A_BUCKET = 32;
}
