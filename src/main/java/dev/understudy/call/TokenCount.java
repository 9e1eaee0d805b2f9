package dev.understudy.call;

/**
 * Tokens of one try.
 *
 * @param input prompt tokens, cached ones included
 * @param cached prompt tokens that were not evaluated again
 * @param output tokens written
 */
public record TokenCount(int input, int cached, int output, Source source) {
    /** Nothing is known. */
    public static final TokenCount NONE = new TokenCount(0, 0, 0, Source.NONE);

    public TokenCount {
        if (input < 0 || cached < 0 || output < 0) {
            throw new IllegalArgumentException("token counts must not be negative");
        }
    }

    /** Where the numbers come from. */
    public enum Source {
        REPORTED("reported"),
        ESTIMATED("estimated"),
        NONE("none");

        private final String wire;

        Source(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }
}
