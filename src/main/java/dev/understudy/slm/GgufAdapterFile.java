package dev.understudy.slm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;

/** Writes a LoRA adapter as GGUF version 3, F16, little endian: head, metadata, tensor list, numbers aligned to 32 bytes. */
final class GgufAdapterFile {

    private static final int MAGIC = 0x46554747;
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int TYPE_FLOAT32 = 6;
    private static final int TYPE_STRING = 8;
    private static final int TENSOR_F16 = 1;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private GgufAdapterFile() {}

    /**
     * @param architecture of the base
     * @param alpha the scale is alpha / rank
     * @param tensors by GGUF name, in the order of the file
     */
    static void write(Path file, String architecture, float alpha, SequencedMap<String, Safetensors.Matrix> tensors)
            throws IOException {
        GgufAdapterFile head = new GgufAdapterFile();
        head.int32(MAGIC);
        head.int32(VERSION);
        head.int64(tensors.size());
        head.int64(4);
        head.value("general.architecture", architecture);
        head.value("general.type", "adapter");
        head.value("adapter.type", "lora");
        head.text("adapter.lora.alpha");
        head.int32(TYPE_FLOAT32);
        head.int32(Float.floatToRawIntBits(alpha));
        long offset = 0;
        for (var tensor : tensors.entrySet()) {
            head.text(tensor.getKey());
            head.int32(2);
            head.int64(tensor.getValue().columns());
            head.int64(tensor.getValue().rows());
            head.int32(TENSOR_F16);
            head.int64(offset);
            offset += aligned(2L * tensor.getValue().numbers().length);
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            head.bytes.writeTo(out);
            pad(out, head.bytes.size());
            for (var tensor : tensors.values()) {
                ByteBuffer numbers =
                        ByteBuffer.allocate(2 * tensor.numbers().length).order(ByteOrder.LITTLE_ENDIAN);
                for (float number : tensor.numbers()) {
                    numbers.putShort(Float.floatToFloat16(number));
                }
                out.write(numbers.array());
                pad(out, numbers.capacity());
            }
        }
    }

    private static long aligned(long size) {
        return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static void pad(OutputStream out, long size) throws IOException {
        out.write(new byte[(int) (aligned(size) - size)]);
    }

    private void value(String key, String value) {
        text(key);
        int32(TYPE_STRING);
        text(value);
    }

    private void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length);
        bytes.writeBytes(utf8);
    }

    private void int32(int number) {
        bytes.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array());
    }

    private void int64(long number) {
        bytes.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array());
    }
}
