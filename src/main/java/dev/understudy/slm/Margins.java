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

    void add(Token token) {
        if (token.id() >= 0) {
            // a token without an alternative says nothing about certainty
            boolean counts = !token.forced() && !Float.isNaN(token.margin());
            tokens.add(new Measured(token.offset(), token.margin(), counts));
        }
    }

    /**
     * The least margin of the tokens that touch one of these spans.
     *
     * @param length bytes of the raw text
     * @return null if none does
     */
    @Nullable
    Double least(List<Bytes> values, int length) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < tokens.size(); i++) {
            Measured token = tokens.get(i);
            int end = i + 1 < tokens.size() ? tokens.get(i + 1).offset() : length;
            if (token.counts() && token.margin() < least && touches(values, token.offset(), end)) {
                least = token.margin();
            }
        }
        return Double.isInfinite(least) ? null : least;
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
