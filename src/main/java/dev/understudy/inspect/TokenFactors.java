package dev.understudy.inspect;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.understudy.call.Call;
import dev.understudy.call.Message;
import dev.understudy.call.Tool;

/** Tokens a byte of text, by requested model: learned from what upstreams report, and 0.27 before. */
final class TokenFactors {
    static final double START = 0.27;

    private static final double LEAST = 0.02;
    private static final double MOST = 2;
    private static final double WEIGHT = 0.1;
    private static final int SMALLEST_SAMPLE = 256;
    private static final int MODELS = 1_000;
    /** Name, description and punctuation around a tool's schema. */
    private static final int TOOL_BYTES = 120;

    private final Cache<String, Double> factors =
            Caffeine.newBuilder().maximumSize(MODELS).build();

    /** Input tokens that a call will take, roughly. */
    int estimate(Call call) {
        return (int) Math.ceil(bytes(call) * factor(call.model()));
    }

    double factor(String model) {
        Double factor = factors.getIfPresent(model);
        return factor == null ? START : factor;
    }

    /** Learns from what a call took. */
    void correct(Call call, int inputTokens) {
        long bytes = bytes(call);
        if (bytes < SMALLEST_SAMPLE || inputTokens <= 0) {
            return;
        }
        double seen = Math.clamp((double) inputTokens / bytes, LEAST, MOST);
        factors.asMap().compute(call.model(), (model, old) -> {
            double before = old == null ? START : old;
            return before + WEIGHT * (seen - before);
        });
    }

    /** Bytes of what a model reads: messages, tools, schema; of a message with images its text only. */
    private static long bytes(Call call) {
        long bytes = 0;
        for (Message message : call.messages()) {
            boolean textOnly = true;
            for (String kind : message.partKinds()) {
                textOnly &= kind.equals("text");
            }
            bytes += textOnly ? message.span().length() : message.text().length();
        }
        for (Tool tool : call.tools()) {
            bytes += TOOL_BYTES
                    + (tool.parameters() == null ? 0 : tool.parameters().length());
        }
        return bytes
                + (call.responseFormat().schema() == null
                        ? 0
                        : call.responseFormat().schema().length());
    }
}
