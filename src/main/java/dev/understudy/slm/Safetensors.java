package dev.understudy.slm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;
import java.util.TreeMap;

/** A file of tensors in the safetensors format: a length, a JSON head, raw little-endian numbers. Read whole; adapters are small. */
final class Safetensors {

    private static final long LARGEST = 1L << 30;

    /**
     * One matrix.
     *
     * @param rows the outer dimension
     * @param columns the inner one
     * @param numbers row by row
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    record Matrix(int rows, int columns, float[] numbers) {}

    private Safetensors() {}

    /** All tensors by name, sorted; each must be a matrix of F32, F16 or BF16. */
    static SequencedMap<String, Matrix> read(Path file) throws IOException, AdapterRefused {
        if (Files.size(file) > LARGEST) {
            throw new AdapterRefused(file.getFileName() + " is larger than 1 GiB");
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        long headLength = bytes.remaining() < 8 ? -1 : bytes.getLong();
        if (headLength < 2 || headLength > bytes.remaining()) {
            throw new AdapterRefused(file.getFileName() + " is no safetensors file");
        }
        JsonNode head = head(file, bytes, (int) headLength);
        ByteBuffer body = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        SequencedMap<String, Matrix> tensors = new TreeMap<>();
        for (var entry : head.properties()) {
            if (!entry.getKey().equals("__metadata__")) {
                tensors.put(entry.getKey(), matrix(entry.getKey(), entry.getValue(), body));
            }
        }
        return tensors;
    }

    private static JsonNode head(Path file, ByteBuffer bytes, int length) throws IOException, AdapterRefused {
        byte[] head = new byte[length];
        bytes.get(head);
        try {
            return new ObjectMapper().readTree(head);
        } catch (JsonProcessingException e) {
            throw new AdapterRefused(file.getFileName() + " has a head that is no JSON");
        }
    }

    private static Matrix matrix(String name, JsonNode entry, ByteBuffer body) throws AdapterRefused {
        if (entry.path("shape").size() != 2) {
            throw new AdapterRefused("tensor " + name + " is no matrix");
        }
        int rows = entry.at("/shape/0").asInt();
        int columns = entry.at("/shape/1").asInt();
        String type = entry.path("dtype").asText();
        int width = switch (type) {
            case "F32" -> 4;
            case "F16", "BF16" -> 2;
            default -> throw new AdapterRefused("tensor " + name + " is " + type + "; F32, F16 or BF16 is read");
        };
        long from = entry.at("/data_offsets/0").asLong(-1);
        long size = (long) rows * columns * width;
        if (rows < 1
                || columns < 1
                || from < 0
                || from + size > body.capacity()
                || entry.at("/data_offsets/1").asLong() != from + size) {
            throw new AdapterRefused("tensor " + name + " does not lie within its file");
        }
        float[] numbers = new float[rows * columns];
        for (int i = 0; i < numbers.length; i++) {
            int at = (int) from + i * width;
            numbers[i] = switch (type) {
                case "F32" -> body.getFloat(at);
                case "F16" -> Float.float16ToFloat(body.getShort(at));
                default -> Float.intBitsToFloat(body.getShort(at) << 16);
            };
        }
        return new Matrix(rows, columns, numbers);
    }
}
