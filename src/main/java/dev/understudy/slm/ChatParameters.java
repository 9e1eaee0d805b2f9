package dev.understudy.slm;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.understudy.call.Api;
import dev.understudy.call.Call;
import dev.understudy.call.ResponseFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads from a chat body how its answer is to be sampled. What a small model cannot do is refused by name, never
 * dropped: another model may be able to.
 */
final class ChatParameters {
    private static final JsonFactory FACTORY = new JsonFactory();

    /** A caller that names no temperature wants an answer, not a surprise: tool calls and JSON take the likeliest token. */
    private static final double TEXT_TEMPERATURE = 0.7;

    private static final double TEXT_TOP_P = 0.95;

    private @Nullable Double temperature;
    private @Nullable Double topP;
    private @Nullable Double minP;
    private @Nullable Integer topK;
    private @Nullable Double frequencyPenalty;
    private @Nullable Double presencePenalty;
    private @Nullable Double repeatPenalty;
    private @Nullable Long seed;
    private final List<String> stop = new ArrayList<>();
    private final Map<Integer, Double> logitBias = new HashMap<>();

    private ChatParameters() {}

    /** Whether the answer is text that may be shown as it grows; else it is held until it has been read whole. */
    static boolean isPlainText(Call call) {
        boolean calls = !call.tools().isEmpty() && !call.toolChoice().wire().equals("none");
        return !calls && call.responseFormat().type() == ResponseFormat.Type.TEXT;
    }

    /**
     * The request for a call.
     *
     * @param team within which evaluated beginnings may be shared
     * @param adapter of the engine, or 0
     * @throws SlmException with {@code INVALID} or {@code UNSUPPORTED}; the message begins with the field at fault
     */
    static SlmRequest read(Call call, String team, int adapter, double scale, Duration deadline, Duration queue) {
        if (call.api() != Api.CHAT) {
            throw unsupported("messages: small models answer chat completions only");
        }
        if (call.n() != 1) {
            throw unsupported("n: a small model gives one answer");
        }
        var parameters = new ChatParameters();
        try (JsonParser parser = FACTORY.createParser(call.body())) {
            parameters.readBody(parser);
        } catch (IOException e) {
            throw new SlmException(SlmException.Code.INVALID, "the body is no JSON");
        }
        return parameters.request(call, Variant.scope(team), adapter, scale, deadline, queue);
    }

    private SlmRequest request(Call call, long scope, int adapter, double scale, Duration deadline, Duration queue) {
        boolean usual = temperature == null && topP == null && isPlainText(call);
        return new SlmRequest(
                call.maxTokens(),
                usual ? Double.valueOf(TEXT_TEMPERATURE) : temperature,
                usual ? Double.valueOf(TEXT_TOP_P) : topP,
                minP,
                topK,
                frequencyPenalty,
                presencePenalty,
                repeatPenalty,
                seed,
                stop,
                logitBias,
                null,
                adapter,
                scale,
                scope,
                deadline,
                queue.isZero() ? null : queue, // queueMs: 0 is no limit
                false);
    }

    private void readBody(JsonParser parser) throws IOException {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            JsonToken value = parser.nextToken();
            if (value == JsonToken.VALUE_NULL || HonouredFields.isElsewhere(field)) {
                parser.skipChildren();
            } else {
                readField(parser, field, value);
            }
        }
    }

    private void readField(JsonParser parser, String field, JsonToken value) throws IOException {
        switch (field) {
            case "temperature" -> temperature = number(parser, field, value);
            case "top_p" -> topP = number(parser, field, value);
            case "min_p" -> minP = number(parser, field, value);
            case "top_k" -> topK = (int) whole(parser, field, value);
            case "frequency_penalty" -> frequencyPenalty = number(parser, field, value);
            case "presence_penalty" -> presencePenalty = number(parser, field, value);
            case "repeat_penalty" -> repeatPenalty = number(parser, field, value);
            case "seed" -> seed = whole(parser, field, value);
            case "stop" -> readStop(parser, value);
            case "logit_bias" -> readBiases(parser, value);
            case "logprobs" -> {
                if (value != JsonToken.VALUE_FALSE) {
                    throw unsupported("logprobs: a small model reports none");
                }
            }
            case "modalities" -> readModalities(parser, value);
            default -> throw unsupported(field + ": a small model does not know this field");
        }
    }

    private void readStop(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            stop.add(parser.getText());
            return;
        }
        if (value != JsonToken.START_ARRAY) {
            throw invalid("stop must be a string or a list of strings");
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw invalid("stop must be a string or a list of strings");
            }
            stop.add(parser.getText());
        }
    }

    private void readBiases(JsonParser parser, JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            throw invalid("logit_bias must be an object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String token = parser.currentName();
            try {
                logitBias.put(Integer.valueOf(token), number(parser, "logit_bias", parser.nextToken()));
            } catch (NumberFormatException e) {
                throw invalid("logit_bias: its names are token numbers");
            }
        }
    }

    private static void readModalities(JsonParser parser, JsonToken value) throws IOException {
        if (value == JsonToken.START_ARRAY) {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (!"text".equals(parser.getText())) {
                    throw unsupported("modalities: a small model writes text only");
                }
            }
        }
    }

    private static double number(JsonParser parser, String field, JsonToken value) throws IOException {
        if (!value.isNumeric()) {
            throw invalid(field + " must be a number");
        }
        return parser.getDoubleValue();
    }

    private static long whole(JsonParser parser, String field, JsonToken value) throws IOException {
        if (value != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            throw invalid(field + " must be an integer");
        }
        long number = parser.getLongValue();
        if (field.equals("top_k") && (number < 0 || number > Integer.MAX_VALUE)) {
            throw invalid("top_k is out of range");
        }
        return number;
    }

    private static SlmException invalid(String message) {
        return new SlmException(SlmException.Code.INVALID, message);
    }

    private static SlmException unsupported(String message) {
        return new SlmException(SlmException.Code.UNSUPPORTED, message);
    }
}
