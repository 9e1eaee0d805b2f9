package dev.understudy.slm;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A LoRA adapter of random numbers on the q and v projections, as a GGUF. */
final class RandomAdapter {
    private static final int STARTER_LAYERS = 30;
    private static final int STARTER_DIMENSION = 576;
    private static final int STARTER_VALUES = 192;
    private static final int ALIGNMENT = 32;
    private static final int TEXT = 8;
    private static final int FLOAT = 6;

    private record Tensor(String name, int columns, int rows, float deviation) {}

    private RandomAdapter() {}

    static byte[] forStarter(int rank, float deviation, long seed) {
        return of(STARTER_LAYERS, STARTER_DIMENSION, STARTER_VALUES, rank, deviation, seed);
    }

    /** With deviation 0 the adapter changes nothing. */
    static byte[] of(int layers, int dimension, int values, int rank, float deviation, long seed) {
        List<Tensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            for (String projection : List.of("attn_q", "attn_v")) {
                String name = "blk." + layer + "." + projection + ".weight.lora_";
                tensors.add(new Tensor(name + "a", dimension, rank, 0.5F));
                tensors.add(new Tensor(name + "b", rank, projection.equals("attn_q") ? dimension : values, deviation));
            }
        }
        var out = new ByteArrayOutputStream();
        header(out, tensors);
        var random = new Random(seed);
        for (Tensor tensor : tensors) {
            byte[] numbers = new byte[Float.BYTES * tensor.columns() * tensor.rows()];
            ByteBuffer view = ByteBuffer.wrap(numbers).order(ByteOrder.LITTLE_ENDIAN);
            while (view.hasRemaining()) {
                view.putFloat((float) random.nextGaussian() * tensor.deviation());
            }
            out.writeBytes(numbers);
            pad(out);
        }
        return out.toByteArray();
    }

    private static void header(ByteArrayOutputStream out, List<Tensor> tensors) {
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(buffer(20).putInt(3).putLong(tensors.size()).putLong(4).array());
        text(out, "general.architecture", "llama");
        text(out, "general.type", "adapter");
        text(out, "adapter.type", "lora");
        string(out, "adapter.lora.alpha");
        out.writeBytes(buffer(8).putInt(FLOAT).putFloat(8).array());
        long offset = 0;
        for (Tensor tensor : tensors) {
            string(out, tensor.name());
            out.writeBytes(buffer(32)
                    .putInt(2)
                    .putLong(tensor.columns())
                    .putLong(tensor.rows())
                    .putInt(0)
                    .putLong(offset)
                    .array());
            long bytes = (long) Float.BYTES * tensor.columns() * tensor.rows();
            offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        pad(out);
    }

    private static void text(ByteArrayOutputStream out, String key, String value) {
        string(out, key);
        out.writeBytes(buffer(4).putInt(TEXT).array());
        string(out, value);
    }

    private static void string(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(buffer(8).putLong(bytes.length).array());
        out.writeBytes(bytes);
    }

    private static void pad(ByteArrayOutputStream out) {
        while (out.size() % ALIGNMENT != 0) {
            out.write(0);
        }
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
