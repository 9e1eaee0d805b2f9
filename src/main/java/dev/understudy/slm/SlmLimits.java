package dev.understudy.slm;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Bounds of what the engine takes. Beyond them upstream's code aborts, recurses or takes seconds, so they are looked at
 * here and once more in C++. A message begins with the field at fault.
 */
final class SlmLimits {
    static final int MAX_BODY_BYTES = 4 << 20;
    private static final int MAX_STOPS = 16;
    private static final int MAX_STOP_BYTES = 256;
    private static final int MAX_BIASES = 300;
    private static final int MAX_BIAS = 100;
    private static final int MAX_TOP_K = 200;
    private static final int MAX_SCALE = 10;
    private static final Duration MAX_TIME = Duration.ofDays(1);
    private static final int MAX_NESTING = 64;

    private SlmLimits() {}

    static void check(
            @Nullable Integer maxTokens,
            @Nullable Double temperature,
            @Nullable Double topP,
            @Nullable Double minP,
            @Nullable Integer topK) {
        if (maxTokens != null && maxTokens < 1) {
            throw invalid("max_tokens must be at least 1");
        }
        range("temperature", temperature, 0, 2);
        range("top_p", topP, Double.MIN_VALUE, 1);
        range("min_p", minP, 0, 1);
        range("top_k", topK == null ? null : topK.doubleValue(), 0, MAX_TOP_K);
    }

    static void checkPenalties(@Nullable Double frequency, @Nullable Double presence, @Nullable Double repeat) {
        range("frequency_penalty", frequency, -2, 2);
        range("presence_penalty", presence, -2, 2);
        range("repeat_penalty", repeat, 0.01, 4);
    }

    static void checkStops(List<String> stops) {
        if (stops.size() > MAX_STOPS) {
            throw invalid("stop has more than " + MAX_STOPS + " strings");
        }
        for (String stop : stops) {
            int bytes = stop.getBytes(StandardCharsets.UTF_8).length;
            if (bytes == 0 || bytes > MAX_STOP_BYTES) {
                throw invalid("stop: each string has 1 to " + MAX_STOP_BYTES + " bytes");
            }
        }
    }

    static void checkBiases(Map<Integer, Double> biases) {
        if (biases.size() > MAX_BIASES) {
            throw invalid("logit_bias has more than " + MAX_BIASES + " entries");
        }
        biases.values().forEach(bias -> range("logit_bias", bias, -MAX_BIAS, MAX_BIAS));
    }

    static void checkAdapter(int adapter, double scale) {
        if (adapter < 0) {
            throw invalid("adapter: no such adapter");
        }
        range("scale", scale, 0, MAX_SCALE);
    }

    static void checkTime(String field, @Nullable Duration time) {
        if (time != null && (time.isNegative() || time.compareTo(MAX_TIME) > 0)) {
            throw invalid(field + " is out of range");
        }
    }

    /** Size and nesting of a chat body: the native reader recurses. */
    static void checkBody(byte[] body) {
        if (body.length > MAX_BODY_BYTES) {
            throw invalid("messages: the body is over 4 MiB");
        }
        int depth = 0;
        boolean inString = false;
        for (int i = 0; i < body.length; i++) {
            byte b = body[i];
            if (inString) {
                if (b == '\\') {
                    i++;
                } else if (b == '"') {
                    inString = false;
                }
            } else if (b == '"') {
                inString = true;
            } else if (b == '{' || b == '[') {
                depth++;
                if (depth > MAX_NESTING) {
                    throw invalid("messages: the body is nested deeper than " + MAX_NESTING);
                }
            } else if (b == '}' || b == ']') {
                depth--;
            }
        }
    }

    private static void range(String field, @Nullable Double value, double least, double most) {
        if (value != null && !(value >= least && value <= most)) {
            throw invalid(field + " is out of range");
        }
    }

    private static SlmException invalid(String message) {
        return new SlmException(SlmException.Code.INVALID, message);
    }
}
