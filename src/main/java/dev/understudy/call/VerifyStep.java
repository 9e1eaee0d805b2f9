package dev.understudy.call;

/**
 * One step of the ladder and what it said.
 *
 * @param step {@code end}, {@code parse}, {@code call}, {@code schema}, ...
 * @param detail why it failed or was skipped, else empty or what was noted; no content
 * @param micros what it cost
 */
public record VerifyStep(String step, Result result, String detail, long micros) {
    /** What a step said. */
    public enum Result {
        PASS("pass"),
        FAIL("fail"),
        SKIP("skip");

        private final String wire;

        Result(String wire) {
            this.wire = wire;
        }

        /** The name in rows. */
        public String wire() {
            return wire;
        }
    }
}
