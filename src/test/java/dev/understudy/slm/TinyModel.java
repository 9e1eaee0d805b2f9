package dev.understudy.slm;

import dev.understudy.slm.Starter.Opened;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A language model of random numbers that takes milliseconds to open and microseconds a token: one layer, a token for
 * each byte and a few control tokens, of ChatML and of a template that opens calls with one. What it says means nothing,
 * so whatever holds for it holds by construction.
 */
final class TinyModel {
    private static final int WIDTH = 32;
    private static final int CONTEXT = 16_384;
    private static final int ALIGNMENT = 32;
    private static final int INT32 = 5;
    private static final int UINT32 = 4;
    private static final int FLOAT = 6;
    private static final int TEXT = 8;
    private static final int LIST = 9;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private TinyModel() {}

    /** Writes it into a folder and opens it with a chat template; tools and all. */
    static Opened open(Path folder, String template, int parallel) {
        var threads = new PrepareThreads();
        NativeLibrary library = NativeLibrary.load(Starter.libraryFolders());
        var config = new SlmEngine.Config("tiny", write(folder), template, null, parallel, 1);
        return new Opened(threads.call(() -> SlmEngine.open(library, config)), threads);
    }

    static Path write(Path folder) {
        try {
            return Files.write(folder.resolve("tiny.gguf"), bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes() {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        List<Integer> types = new ArrayList<>(List.of(2, CONTROL, CONTROL));
        for (int i = 0; i < 256; i++) {
            tokens.add("<0x%02X>".formatted(i));
            types.add(BYTE);
        }
        for (String control : List.of("<|tools_prefix|>", "<|tools_suffix|>", "<|im_start|>", "<|im_end|>")) {
            tokens.add(control);
            types.add(CONTROL);
        }
        Map<String, int[]> tensors = new LinkedHashMap<>();
        tensors.put("token_embd.weight", new int[] {WIDTH, tokens.size()});
        tensors.put("output.weight", new int[] {WIDTH, tokens.size()});
        tensors.put("output_norm.weight", new int[] {WIDTH});
        for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
            tensors.put("blk.0." + name + ".weight", new int[] {WIDTH, WIDTH});
        }
        tensors.put("blk.0.attn_norm.weight", new int[] {WIDTH});
        tensors.put("blk.0.ffn_norm.weight", new int[] {WIDTH});
        var out = new Out();
        header(out, tensors, tokens, types);
        var random = new Random(7);
        for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
            boolean norm = tensor.getValue().length == 1;
            int count = norm ? WIDTH : WIDTH * tensor.getValue()[1];
            for (int i = 0; i < count; i++) {
                out.real(norm ? 1 : (float) random.nextGaussian() * 0.4F);
            }
            out.pad();
        }
        return out.bytes.toByteArray();
    }

    private static void header(Out out, Map<String, int[]> tensors, List<String> tokens, List<Integer> types) {
        out.int32(0x46554747).int32(3).int64(tensors.size()).int64(17);
        out.text("general.architecture").int32(TEXT).text("llama");
        for (Map.Entry<String, Integer> number : Map.of(
                        "llama.block_count",
                        1,
                        "llama.context_length",
                        CONTEXT,
                        "llama.embedding_length",
                        WIDTH,
                        "llama.feed_forward_length",
                        WIDTH,
                        "llama.attention.head_count",
                        2,
                        "llama.attention.head_count_kv",
                        2,
                        "llama.rope.dimension_count",
                        WIDTH / 2,
                        "tokenizer.ggml.bos_token_id",
                        1,
                        "tokenizer.ggml.eos_token_id",
                        2,
                        "tokenizer.ggml.eot_token_id",
                        tokens.size() - 1)
                .entrySet()) {
            out.text(number.getKey()).int32(UINT32).int32(number.getValue());
        }
        out.text("llama.attention.layer_norm_rms_epsilon").int32(FLOAT).real(1e-5F);
        out.text("tokenizer.ggml.model").int32(TEXT).text("llama");
        out.text("tokenizer.ggml.add_bos_token").int32(7).bytes.write(0);
        out.text("tokenizer.ggml.tokens").int32(LIST).int32(TEXT).int64(tokens.size());
        tokens.forEach(out::text);
        out.text("tokenizer.ggml.scores").int32(LIST).int32(FLOAT).int64(tokens.size());
        tokens.forEach(token -> out.real(0));
        out.text("tokenizer.ggml.token_type").int32(LIST).int32(INT32).int64(types.size());
        types.forEach(out::int32);
        long offset = 0;
        for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
            int[] shape = tensor.getValue();
            out.text(tensor.getKey()).int32(shape.length);
            long bytes = Float.BYTES;
            for (int size : shape) {
                out.int64(size);
                bytes *= size;
            }
            out.int32(0).int64(offset);
            offset += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        out.pad();
    }

    private static final class Out {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Out int32(int number) {
            bytes.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(number)
                    .array());
            return this;
        }

        Out int64(long number) {
            bytes.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(number)
                    .array());
            return this;
        }

        Out real(float number) {
            return int32(Float.floatToIntBits(number));
        }

        Out text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            int64(utf8.length);
            bytes.writeBytes(utf8);
            return this;
        }

        void pad() {
            while (bytes.size() % ALIGNMENT != 0) {
                bytes.write(0);
            }
        }
    }
}
