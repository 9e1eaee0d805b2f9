package dev.understudy.learn;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of examples in the {@code trl-sft} profile: a JSON object a line with {@code prompt}, {@code completion} and perhaps
 * {@code tools}, arguments as objects; {@code request} may hold other fields of the call.
 *
 * @param file where they were read
 * @param sha256 of the file, hex
 * @param rows in the order of the file
 */
public record TrainingRows(Path file, String sha256, List<TrainingRow> rows) {

    /** Fewer examples than this teach a model to repeat them. */
    public static final int LEAST = 100;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    public TrainingRows {
        rows = List.copyOf(rows);
    }

    /**
     * Reads a file; the first bad line refuses it, named by number.
     *
     * @throws TrainingRefused if a line is no example
     * @throws IOException if the file cannot be read
     */
    public static TrainingRows read(Path file) throws TrainingRefused, IOException {
        if (!Files.isReadable(file)) {
            throw new TrainingRefused(file + " cannot be read: name a file of rows, one JSON object a line");
        }
        List<TrainingRow> rows = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                rows.add(row(JSON.readTree(line)));
            } catch (JsonProcessingException e) {
                throw new TrainingRefused(file + ":" + number + ": no JSON: " + e.getOriginalMessage());
            } catch (TrainingRefused e) {
                throw new TrainingRefused(file + ":" + number + ": " + e.getMessage());
            }
        }
        return new TrainingRows(file, Digests.sha256(file), rows);
    }

    /** How many there are. */
    public int size() {
        return rows.size();
    }

    /** The rows from {@code from} up to, not including, {@code to}; the digest stays that of the whole file. */
    public TrainingRows part(int from, int to) {
        return new TrainingRows(file, sha256, rows.subList(from, to));
    }

    private static TrainingRow row(JsonNode line) throws TrainingRefused {
        if (!line.isObject()) {
            throw new TrainingRefused("a row must be a JSON object");
        }
        ArrayNode prompt = array(line, "prompt");
        ArrayNode completion = array(line, "completion");
        if (prompt.isEmpty()) {
            throw new TrainingRefused("prompt must hold at least one message");
        }
        for (JsonNode message : prompt) {
            if (!message.path("role").isTextual()) {
                throw new TrainingRefused("every message of prompt needs a role");
            }
        }
        if (completion.size() != 1 || !completion.path(0).path("role").asText().equals("assistant")) {
            throw new TrainingRefused("completion must be one message with role assistant");
        }
        ObjectNode answer = (ObjectNode) completion.path(0);
        checkAnswer(answer);
        ArrayNode tools =
                line.path("tools").isMissingNode() ? JsonNodeFactory.instance.arrayNode() : array(line, "tools");
        JsonNode request = line.path("request");
        if (!request.isMissingNode() && !request.isObject()) {
            throw new TrainingRefused("request must be an object");
        }
        return new TrainingRow(
                prompt,
                answer,
                tools,
                request instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode());
    }

    private static void checkAnswer(ObjectNode answer) throws TrainingRefused {
        JsonNode calls = answer.path("tool_calls");
        if (calls.isEmpty()) {
            if (answer.path("content").asText().isEmpty()) {
                throw new TrainingRefused("the completion has neither content nor tool_calls");
            }
            return;
        }
        for (JsonNode call : calls) {
            if (call.at("/function/name").asText().isEmpty()) {
                throw new TrainingRefused("a tool call needs function.name");
            }
            if (!call.at("/function/arguments").isObject()) {
                throw new TrainingRefused("function.arguments must be an object");
            }
        }
    }

    private static ArrayNode array(JsonNode line, String field) throws TrainingRefused {
        if (line.path(field) instanceof ArrayNode array) {
            return array;
        }
        throw new TrainingRefused(field + " must be an array");
    }
}
