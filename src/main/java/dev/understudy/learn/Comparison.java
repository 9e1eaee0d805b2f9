package dev.understudy.learn;

/** What comparing an answer with a reference came to. */
public sealed interface Comparison {
    /** The answer says what the reference says. */
    Comparison AGREES = new Agrees();

    /** The answer is as good as the reference. */
    record Agrees() implements Comparison {}

    /**
     * The answer says something else.
     *
     * @param path where the first difference is: {@code $.city}, {@code calls[1]}
     * @param got the answer's value there as JSON; empty when it has none
     * @param want the reference's value; empty when it has none
     */
    record Differs(String path, String got, String want) implements Comparison {
        /** The place only: values are contents. */
        @Override
        public String toString() {
            return "Differs[" + path + "]";
        }
    }

    /**
     * The reference cannot be compared with, so nothing is known of the answer.
     *
     * @param reason {@code no_comparator}, {@code reference_empty}, {@code reference_not_json} or {@code reference_cut}
     */
    record Unscorable(String reason) implements Comparison {}
}
