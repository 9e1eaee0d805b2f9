package dev.understudy.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Embeddings of the scripted upstream: as good as a few letter counts, of unit length, so that texts with the same
 * letters lie close together. No model is behind them.
 */
final class EmbeddingText {
    private static final int DIMENSIONS = 32;

    private EmbeddingText() {}

    /** The answer to a request; null when its input is none. */
    static @Nullable ObjectNode answer(JsonNode asked) {
        JsonNode input = asked.path("input");
        ArrayNode texts = JsonNodeFactory.instance.arrayNode();
        if (input.isArray() && !input.isEmpty() && !input.get(0).isNumber()) {
            input.forEach(texts::add);
        } else if (input.isTextual() || (input.isArray() && !input.isEmpty())) {
            texts.add(input);
        } else {
            return null;
        }
        boolean packed = asked.path("encoding_format").asText().equals("base64");
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("object", "list");
        ArrayNode data = answer.putArray("data");
        int tokens = 0;
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i).isTextual()
                    ? texts.get(i).asText()
                    : texts.get(i).toString();
            tokens += ScriptedAnswer.tokens(text.getBytes(StandardCharsets.UTF_8).length);
            ObjectNode one = data.addObject().put("object", "embedding").put("index", i);
            float[] vector = vector(text);
            if (packed) {
                one.put("embedding", packed(vector));
            } else {
                ArrayNode numbers = one.putArray("embedding");
                for (float number : vector) {
                    numbers.add(number);
                }
            }
        }
        answer.put("model", CompletionText.MODEL);
        answer.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
        return answer;
    }

    private static float[] vector(String text) {
        double[] counts = new double[DIMENSIONS];
        double squares = 0;
        for (int i = 0; i < text.length(); i++) {
            counts[Character.toLowerCase(text.charAt(i)) % DIMENSIONS]++;
        }
        for (double count : counts) {
            squares += count * count;
        }
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = squares == 0 ? 0 : (float) (counts[i] / Math.sqrt(squares));
        }
        return vector;
    }

    private static String packed(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
