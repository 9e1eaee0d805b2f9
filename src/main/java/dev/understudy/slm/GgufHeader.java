package dev.understudy.slm;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a GGUF file says of itself before its weights (GGUF specification, version 3). Arrays are skipped: only the vocabulary is kept in
 * them.
 *
 * @param values scalar metadata: {@link Long}, {@link Double}, {@link Boolean} or {@link String}
 * @param tensors the dimensions of each tensor, innermost first
 */
record GgufHeader(Map<String, Object> values, Map<String, List<Long>> tensors) {

    private static final int MAGIC = 0x46554747;
    private static final int LONGEST_TEXT = 1 << 20;
    private static final int MOST_ENTRIES = 100_000;

    private static final int UINT8 = 0;
    private static final int INT8 = 1;
    private static final int UINT16 = 2;
    private static final int INT16 = 3;
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int UINT64 = 10;
    private static final int INT64 = 11;
    private static final int FLOAT64 = 12;

    /** Reads the header; a file that is no GGUF, or is cut short, is an {@link IOException} that says so. */
    static GgufHeader read(Path file) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
            return new Reader(in, file).header();
        } catch (EOFException e) {
            throw new IOException(file + " is cut short within its header", e);
        }
    }

    /** {@code llama}, {@code qwen2}, ...; empty if the file does not say. */
    String architecture() {
        return values.get("general.architecture") instanceof String text ? text : "";
    }

    /** A whole number among the metadata of the architecture, {@code attention.head_count}. */
    long number(String key) throws AdapterRefused {
        if (values.get(architecture() + "." + key) instanceof Long number && number > 0) {
            return number;
        }
        throw new AdapterRefused("the base names no " + architecture() + "." + key);
    }

    private record Reader(DataInputStream in, Path file) {

        GgufHeader header() throws IOException {
            if (int32() != MAGIC) {
                throw new IOException(file + " is no GGUF file");
            }
            int version = int32();
            if (version < 2 || version > 3) {
                throw new IOException(file + " has GGUF version " + version + ", 2 or 3 is read");
            }
            long tensorCount = count();
            long valueCount = count();
            Map<String, Object> values = new LinkedHashMap<>();
            for (long i = 0; i < valueCount; i++) {
                String key = text();
                int type = int32();
                if (type == ARRAY) {
                    skipArray();
                } else {
                    values.put(key, scalar(type));
                }
            }
            Map<String, List<Long>> tensors = new LinkedHashMap<>();
            for (long i = 0; i < tensorCount; i++) {
                String name = text();
                int dimensions = int32();
                if (dimensions < 1 || dimensions > 4) {
                    throw new IOException(file + " has a tensor of " + dimensions + " dimensions");
                }
                List<Long> shape = new ArrayList<>();
                for (int d = 0; d < dimensions; d++) {
                    shape.add(int64());
                }
                int32();
                int64();
                tensors.put(name, List.copyOf(shape));
            }
            return new GgufHeader(values, tensors);
        }

        private Object scalar(int type) throws IOException {
            return switch (type) {
                case UINT8 -> (long) in.readUnsignedByte();
                case INT8 -> (long) in.readByte();
                case UINT16 -> (long) Short.toUnsignedInt(Short.reverseBytes(in.readShort()));
                case INT16 -> (long) Short.reverseBytes(in.readShort());
                case UINT32 -> Integer.toUnsignedLong(int32());
                case INT32 -> (long) int32();
                case FLOAT32 -> (double) Float.intBitsToFloat(int32());
                case BOOL -> in.readBoolean();
                case STRING -> text();
                case UINT64, INT64 -> int64();
                case FLOAT64 -> Double.longBitsToDouble(int64());
                default -> throw new IOException(file + " has a value of unknown type " + type);
            };
        }

        private void skipArray() throws IOException {
            int type = int32();
            long length = int64();
            if (length < 0 || type == ARRAY) {
                throw new IOException(file + " has an array that cannot be read");
            }
            for (long i = 0; i < length; i++) {
                if (type == STRING) {
                    in.skipNBytes(textLength());
                } else {
                    scalar(type);
                }
            }
        }

        private String text() throws IOException {
            byte[] bytes = new byte[textLength()];
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private int textLength() throws IOException {
            long length = int64();
            if (length < 0 || length > LONGEST_TEXT) {
                throw new IOException(file + " has a text of " + length + " bytes");
            }
            return (int) length;
        }

        private long count() throws IOException {
            long count = int64();
            if (count < 0 || count > MOST_ENTRIES) {
                throw new IOException(file + " claims " + count + " entries");
            }
            return count;
        }

        private int int32() throws IOException {
            return Integer.reverseBytes(in.readInt());
        }

        private long int64() throws IOException {
            return Long.reverseBytes(in.readLong());
        }
    }
}
