package dev.understudy.slm;

import dev.understudy.slm.SlmAnswer.Bytes;
import dev.understudy.slm.SlmListener.Token;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How sure the model was of the tokens that carry its answer. Not thread-safe. */
final class Margins {
    /** One token: where its text begins, and by how much it beat the next. */
    private record Measured(int offset, float margin, boolean counts) {}

    private final List<Measured> tokens = new ArrayList<>();

    /**
     * Margins of an answer, in logits.
     *
     * @param least of all tokens that count
     * @param mean of them
     */
    record Summary(double least, double mean) {}

    void add(Token token) {
        if (token.id() >= 0) {
            // a token without an alternative says nothing about certainty
            boolean counts = !token.forced() && !Float.isNaN(token.margin());
            tokens.add(new Measured(token.offset(), token.margin(), counts));
        }
    }

    /**
     * Sums up the tokens that touch one of these spans.
     *
     * @param length bytes of the raw text
     * @return null if none does
     */
    @Nullable
    Summary over(List<Bytes> values, int length) {
        double least = Double.POSITIVE_INFINITY;
        double sum = 0;
        int count = 0;
        int end = length;
        for (int i = tokens.size() - 1; i >= 0; i--) {
            Measured token = tokens.get(i);
            // tokens that make one character together all begin where it begins, and all touch it
            if (i + 1 < tokens.size() && tokens.get(i + 1).offset() > token.offset()) {
                end = tokens.get(i + 1).offset();
            }
            if (token.counts() && touches(values, token.offset(), end)) {
                least = Math.min(least, token.margin());
                sum += token.margin();
                count++;
            }
        }
        return count == 0 ? null : new Summary(least, sum / count);
    }

    private static boolean touches(List<Bytes> values, int from, int to) {
        for (Bytes value : values) {
            if (from < value.to() && value.from() < to) {
                return true;
            }
        }
        return false;
    }
}
