package dev.understudy.slm;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.understudy.model.Urgency;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one answer is to be made; what it answers is its {@link SlmPlan}. Fields that are null are the engine's default.
 *
 * @param maxTokens at most so many tokens; null: 512, or what the context leaves
 * @param temperature 0 to 2; null: 0, the likeliest token always
 * @param topP above 0, up to 1
 * @param minP 0 to 1
 * @param topK 0 to 200; 0 is 200
 * @param frequencyPenalty -2 to 2
 * @param presencePenalty -2 to 2
 * @param repeatPenalty above 0, up to 4
 * @param seed an idle engine repeats the tokens of a seed
 * @param stop strings that end the answer and are no part of it, at most 16
 * @param logitBias token to -100 to 100, at most 300
 * @param logprobs how many alternatives to report; null: no logprobs
 * @param adapter of the engine, or 0
 * @param scale of the adapter, 0 to 10
 * @param scope prefixes are shared within one scope only
 * @param deadline from submit to the end; null: none. What is there by then is told
 * @param queue longest wait for a slot; null: without limit
 * @param ignoreEnd go on to {@code maxTokens}, for measurements
 * @param urgency goes before requests of a lower one
 */
public record SlmRequest(
        @Nullable Integer maxTokens,
        @Nullable Double temperature,
        @Nullable Double topP,
        @Nullable Double minP,
        @Nullable Integer topK,
        @Nullable Double frequencyPenalty,
        @Nullable Double presencePenalty,
        @Nullable Double repeatPenalty,
        @Nullable Long seed,
        List<String> stop,
        Map<Integer, Double> logitBias,
        @Nullable Integer logprobs,
        int adapter,
        double scale,
        long scope,
        @Nullable Duration deadline,
        @Nullable Duration queue,
        boolean ignoreEnd,
        Urgency urgency) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public SlmRequest {
        stop = List.copyOf(stop);
        logitBias = Map.copyOf(logitBias);
        SlmLimits.check(maxTokens, temperature, topP, minP, topK);
        SlmLimits.checkPenalties(frequencyPenalty, presencePenalty, repeatPenalty);
        SlmLimits.checkStops(stop);
        SlmLimits.checkBiases(logitBias);
        SlmLimits.checkAdapter(adapter, scale);
        SlmLimits.checkTime("deadline", deadline);
        SlmLimits.checkTime("queue", queue);
    }

    /** One for which somebody waits. */
    SlmRequest(
            @Nullable Integer maxTokens,
            @Nullable Double temperature,
            @Nullable Double topP,
            @Nullable Double minP,
            @Nullable Integer topK,
            @Nullable Double frequencyPenalty,
            @Nullable Double presencePenalty,
            @Nullable Double repeatPenalty,
            @Nullable Long seed,
            List<String> stop,
            Map<Integer, Double> logitBias,
            @Nullable Integer logprobs,
            int adapter,
            double scale,
            long scope,
            @Nullable Duration deadline,
            @Nullable Duration queue,
            boolean ignoreEnd) {
        this(
                maxTokens,
                temperature,
                topP,
                minP,
                topK,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                seed,
                stop,
                logitBias,
                logprobs,
                adapter,
                scale,
                scope,
                deadline,
                queue,
                ignoreEnd,
                Urgency.LIVE);
    }

    /** The likeliest tokens, at most so many. */
    public static SlmRequest greedy(int maxTokens) {
        return new SlmRequest(
                maxTokens, null, null, null, null, null, null, null, null, List.of(), Map.of(), null, 0, 1, 0, null,
                null, false);
    }

    /** The same with an adapter of the engine. */
    public SlmRequest withAdapter(int id, double byScale) {
        return copy(id, byScale, urgency);
    }

    /** The same, more or less urgent. */
    public SlmRequest withUrgency(Urgency other) {
        return copy(adapter, scale, other);
    }

    private SlmRequest copy(int id, double byScale, Urgency other) {
        return new SlmRequest(
                maxTokens,
                temperature,
                topP,
                minP,
                topK,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                seed,
                stop,
                logitBias,
                logprobs,
                id,
                byScale,
                scope,
                deadline,
                queue,
                ignoreEnd,
                other);
    }

    private static @Nullable Long micros(@Nullable Duration time) {
        return time == null ? null : Long.valueOf(time.toNanos() / 1000);
    }

    byte[] json() {
        ObjectNode json = JSON.createObjectNode();
        json.put("max_tokens", maxTokens);
        json.put("temperature", temperature);
        json.put("top_p", topP);
        json.put("min_p", minP);
        json.put("top_k", topK);
        json.put("frequency_penalty", frequencyPenalty);
        json.put("presence_penalty", presencePenalty);
        json.put("repeat_penalty", repeatPenalty);
        json.put("seed", seed);
        ArrayNode stops = json.putArray("stop");
        stop.forEach(stops::add);
        ArrayNode biases = json.putArray("logit_bias");
        logitBias.forEach((token, bias) -> biases.addArray().add(token).add(bias));
        json.put("logprobs", logprobs == null ? -1 : logprobs);
        json.put("adapter", adapter);
        json.put("scale", scale);
        json.put("scope", scope);
        json.put("deadline_us", micros(deadline));
        json.put("queue_us", micros(queue));
        json.put("ignore_end", ignoreEnd);
        json.put("class", urgency.wire());
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
