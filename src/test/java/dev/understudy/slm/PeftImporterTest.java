package dev.understudy.slm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fixture is an adapter of random numbers on all seven projections, and what llama.cpp's own converter makes of it. */
class PeftImporterTest {

    private static final int HIDDEN = 24;
    private static final int INNER = 40;
    private static final int KEY = 8;

    @TempDir
    Path folder;

    @Test
    void every_tensor_equals_that_of_the_upstream_converter() throws Exception {
        Path out = folder.resolve("adapter.gguf");

        PeftImporter.Imported imported = PeftImporter.convert(fixture(), base("llama"), out);

        assertThat(imported).isEqualTo(new PeftImporter.Imported(2, 4, 28));
        Map<String, List<Short>> expected = tensors(fixture().resolve("expected.gguf"));
        assertThat(expected).hasSize(28);
        assertThat(tensors(out)).isEqualTo(expected);
        assertThat(GgufHeader.read(out).values())
                .containsEntry("general.architecture", "llama")
                .containsEntry("general.type", "adapter")
                .containsEntry("adapter.type", "lora")
                .containsEntry("adapter.lora.alpha", 4.0);
    }

    @Test
    void query_and_key_keep_their_order_for_qwen() throws Exception {
        Path llama = folder.resolve("of-llama.gguf");
        Path qwen = folder.resolve("of-qwen.gguf");
        PeftImporter.convert(fixture(), base("llama"), llama);
        PeftImporter.convert(fixture(), base("qwen2"), qwen);

        var one = tensors(llama);
        var other = tensors(qwen);
        for (String name : one.keySet()) {
            boolean permuted = name.contains("attn_q.weight.lora_b") || name.contains("attn_k.weight.lora_b");
            assertThat(Objects.equals(one.get(name), other.get(name))).as(name).isEqualTo(!permuted);
        }
    }

    @Test
    void an_adapter_of_another_size_is_refused_and_nothing_is_written() throws Exception {
        Path out = folder.resolve("adapter.gguf");
        Path wider = base("llama", HIDDEN + 8);
        assertThatThrownBy(() -> PeftImporter.convert(fixture(), wider, out))
                .isInstanceOf(AdapterRefused.class)
                .hasMessageContaining("half B is 24 x 2")
                .hasMessageContaining("want 32 x 2");
        assertThat(out).doesNotExist();
    }

    @Test
    void kinds_that_the_engine_does_not_serve_are_refused_by_name() throws Exception {
        refuses("\"use_dora\": false", "\"use_dora\": true", "use_dora");
        refuses("\"use_rslora\": false", "\"use_rslora\": true", "use_rslora");
        refuses("\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "modules_to_save");
        refuses("\"r\": 2", "\"r\": 65", "r must be 1 to 64");
        refuses("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type");
    }

    @Test
    void a_base_of_an_unknown_family_is_refused() throws Exception {
        Path base = base("mamba");
        assertThatThrownBy(() -> PeftImporter.convert(fixture(), base, folder.resolve("x")))
                .isInstanceOf(AdapterRefused.class)
                .hasMessageContaining("mamba");
    }

    @Test
    void a_pickle_is_refused() throws Exception {
        Path peft = Files.createDirectory(folder.resolve("pickle"));
        Files.copy(fixture().resolve("adapter_config.json"), peft.resolve("adapter_config.json"));
        Files.writeString(peft.resolve("adapter_model.bin"), "x");
        Path base = base("llama");
        assertThatThrownBy(() -> PeftImporter.convert(peft, base, folder.resolve("x")))
                .isInstanceOf(AdapterRefused.class)
                .hasMessageContaining("pickle");
    }

    @Test
    void a_file_that_is_cut_short_is_refused() throws Exception {
        Path peft = Files.createDirectory(folder.resolve("cut"));
        Files.copy(fixture().resolve("adapter_config.json"), peft.resolve("adapter_config.json"));
        byte[] whole = Files.readAllBytes(fixture().resolve("adapter_model.safetensors"));
        Files.write(peft.resolve("adapter_model.safetensors"), Arrays.copyOf(whole, whole.length - 100));
        Path base = base("llama");
        assertThatThrownBy(() -> PeftImporter.convert(peft, base, folder.resolve("x")))
                .isInstanceOf(AdapterRefused.class)
                .hasMessageContaining("does not lie within its file");
    }

    private void refuses(String from, String to, String word) throws Exception {
        Path peft = Files.createTempDirectory(folder, "peft");
        String config = Files.readString(fixture().resolve("adapter_config.json"));
        assertThat(config).contains(from);
        Files.writeString(peft.resolve("adapter_config.json"), config.replace(from, to));
        Files.copy(fixture().resolve("adapter_model.safetensors"), peft.resolve("adapter_model.safetensors"));
        Path base = base("llama");
        assertThatThrownBy(() -> PeftImporter.convert(peft, base, folder.resolve("x")))
                .isInstanceOf(AdapterRefused.class)
                .hasMessageContaining(word);
    }

    private static Path fixture() throws URISyntaxException {
        var config = PeftImporterTest.class.getResource("/golden/slm/peft/adapter_config.json");
        return Path.of(Objects.requireNonNull(config).toURI()).resolveSibling("");
    }

    private Path base(String architecture) throws IOException {
        return base(architecture, HIDDEN);
    }

    /** The header of a base of two layers, three heads and one key head; the importer needs no numbers of it. */
    private Path base(String architecture, int hidden) throws IOException {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (int layer = 0; layer < 2; layer++) {
            String block = "blk." + layer + ".";
            shapes.put(block + "attn_q.weight", new long[] {hidden, HIDDEN});
            shapes.put(block + "attn_k.weight", new long[] {hidden, KEY});
            shapes.put(block + "attn_v.weight", new long[] {hidden, KEY});
            shapes.put(block + "attn_output.weight", new long[] {HIDDEN, hidden});
            shapes.put(block + "ffn_gate.weight", new long[] {hidden, INNER});
            shapes.put(block + "ffn_up.weight", new long[] {hidden, INNER});
            shapes.put(block + "ffn_down.weight", new long[] {INNER, hidden});
        }
        Bytes bytes = new Bytes();
        bytes.int32(0x46554747).int32(3).int64(shapes.size()).int64(4);
        bytes.text("general.architecture").int32(8).text(architecture);
        bytes.text("tokenizer.ggml.tokens").int32(9).int32(8).int64(2).text("a").text("b");
        bytes.text(architecture + ".attention.head_count").int32(4).int32(3);
        bytes.text(architecture + ".attention.head_count_kv").int32(4).int32(1);
        shapes.forEach((name, shape) -> bytes.text(name)
                .int32(2)
                .int64(shape[0])
                .int64(shape[1])
                .int32(0)
                .int64(0));
        return Files.write(folder.resolve(architecture + hidden + ".gguf"), bytes.out.toByteArray());
    }

    /** The F16 numbers of each tensor; they lie in the order of the list at the end of the file, each filled up to 32 bytes. */
    private static Map<String, List<Short>> tensors(Path file) throws IOException {
        GgufHeader header = GgufHeader.read(file);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int at = bytes.capacity();
        for (List<Long> shape : header.tensors().values()) {
            at -= padded(shape);
        }
        Map<String, List<Short>> tensors = new LinkedHashMap<>();
        for (var tensor : header.tensors().entrySet()) {
            List<Short> numbers = new ArrayList<>();
            for (int i = 0; i < count(tensor.getValue()); i++) {
                numbers.add(bytes.getShort(at + 2 * i));
            }
            tensors.put(tensor.getKey(), numbers);
            at += padded(tensor.getValue());
        }
        return tensors;
    }

    private static int count(List<Long> shape) {
        return (int) (shape.get(0) * shape.get(1));
    }

    private static int padded(List<Long> shape) {
        return (2 * count(shape) + 31) / 32 * 32;
    }

    private static final class Bytes {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Bytes int32(int number) {
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(number)
                    .array());
            return this;
        }

        Bytes int64(long number) {
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(number)
                    .array());
            return this;
        }

        Bytes text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            int64(utf8.length);
            out.writeBytes(utf8);
            return this;
        }
    }
}
