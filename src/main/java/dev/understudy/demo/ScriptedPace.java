package dev.understudy.demo;

/**
 * How fast the scripted upstream answers.
 *
 * @param latencyMillis before the first byte; 0 or more
 * @param tokensPerSecond after it; 0 writes as fast as the reader takes it
 */
public record ScriptedPace(int latencyMillis, int tokensPerSecond) {
    /** A hosted large model on a good day. */
    public static final ScriptedPace LIKE_A_LARGE_MODEL = new ScriptedPace(250, 120);

    /** As fast as possible, for measuring something else. */
    public static final ScriptedPace AT_ONCE = new ScriptedPace(0, 0);

    private static final int MILLIS_PER_SECOND = 1_000;

    public ScriptedPace {
        if (latencyMillis < 0 || tokensPerSecond < 0) {
            throw new IllegalArgumentException("latency and pace must not be negative, were " + latencyMillis + " ms, "
                    + tokensPerSecond + " tokens/s");
        }
    }

    /** Milliseconds that writing so many tokens takes. */
    long millisFor(int tokens) {
        return tokensPerSecond == 0 ? 0 : (long) tokens * MILLIS_PER_SECOND / tokensPerSecond;
    }
}
