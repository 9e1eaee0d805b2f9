package dev.understudy.call;

import java.util.Set;

/**
 * What shall be written down of a call.
 *
 * @param record how much
 * @param bodyProbability share of sessions whose bodies are kept; 1 for all
 * @param purposes what the body may be used for: rule, consent and call taken together
 * @param redact names of the detectors whose hits are masked before the body is stored
 * @param rule name of the Capture rule
 */
public record CaptureOrder(
        Level record, double bodyProbability, Set<Purpose> purposes, Set<String> redact, String rule) {
    public CaptureOrder {
        if (!(bodyProbability >= 0 && bodyProbability <= 1)) {
            throw new IllegalArgumentException("bodyProbability must be in 0..1, got " + bodyProbability);
        }
        purposes = Set.copyOf(purposes);
        redact = Set.copyOf(redact);
    }

    /** How much of a call is written. */
    public enum Level {
        /** Sums only. */
        NONE("none"),
        /** A row without contents. */
        METADATA("metadata"),
        /** A row, the request and the answers. */
        FULL("full");

        private final String wire;

        Level(String wire) {
            this.wire = wire;
        }

        /** The name in policy files and rows. */
        public String wire() {
            return wire;
        }
    }
}
