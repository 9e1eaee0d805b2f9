package dev.understudy.slm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns an adapter that PEFT has saved into the GGUF that the engine loads, and refuses what the engine cannot serve.
 *
 * <p>GGUF keeps the query and key projections of the {@code llama} family with the rows of each head interleaved, where the files of
 * Hugging Face keep two halves (llama.cpp, {@code LlamaModel.permute}); the rows of B are permuted the same way. A wrong order loads
 * without complaint and answers nonsense.
 */
public final class PeftImporter {

    private static final Map<String, String> PROJECTIONS = Map.of(
            "self_attn.q_proj", "attn_q",
            "self_attn.k_proj", "attn_k",
            "self_attn.v_proj", "attn_v",
            "self_attn.o_proj", "attn_output",
            "mlp.gate_proj", "ffn_gate",
            "mlp.up_proj", "ffn_up",
            "mlp.down_proj", "ffn_down");
    private static final Pattern TENSOR = Pattern.compile(
            "base_model\\.model\\.model\\.layers\\.([0-9]{1,4})\\.((?:self_attn|mlp)\\.[a-z_]+)\\.lora_([AB])\\.weight");
    private static final Set<String> PERMUTED = Set.of("llama");
    private static final Set<String> PLAIN = Set.of("qwen2", "qwen3", "gemma2", "gemma3");
    private static final int HIGHEST_RANK = 64;

    private PeftImporter() {}

    /**
     * What came in.
     *
     * @param rank of all its matrices
     * @param alpha the scale is alpha / rank
     * @param tensors how many matrices the file holds, two for each projection
     */
    public record Imported(int rank, double alpha, int tensors) {}

    /**
     * Converts the adapter in a folder ({@code adapter_config.json}, {@code adapter_model.safetensors}) for a base.
     *
     * @param peft the folder that PEFT's {@code save_pretrained} wrote
     * @param base the GGUF that the adapter will be served with
     * @param out the GGUF to write, F16; replaced if it exists
     * @throws AdapterRefused if it is of an unsupported kind or does not fit the base; nothing is written
     * @throws IOException if a file cannot be read or written
     */
    public static Imported convert(Path peft, Path base, Path out) throws AdapterRefused, IOException {
        if (Files.exists(peft.resolve("adapter_model.bin"))) {
            throw new AdapterRefused("adapter_model.bin is a pickle, which may run code; save as safetensors");
        }
        JsonNode config = config(peft.resolve("adapter_config.json"));
        GgufHeader header = GgufHeader.read(base);
        String architecture = header.architecture();
        if (!PERMUTED.contains(architecture) && !PLAIN.contains(architecture)) {
            throw new AdapterRefused("adapters for the architecture " + architecture + " are not converted");
        }
        int rank = config.path("r").asInt();
        double alpha = config.path("lora_alpha").asDouble();
        TreeMap<String, Safetensors.Matrix> tensors = new TreeMap<>();
        for (var tensor :
                Safetensors.read(peft.resolve("adapter_model.safetensors")).entrySet()) {
            Matcher name = TENSOR.matcher(tensor.getKey());
            String projection = name.matches() ? PROJECTIONS.get(name.group(2)) : null;
            if (projection == null) {
                throw new AdapterRefused(
                        "tensor " + tensor.getKey() + " belongs to no projection that an adapter may change");
            }
            boolean down = name.group(3).equals("A");
            String target = "blk." + name.group(1) + "." + projection + ".weight";
            checkShape(target, tensor.getValue(), down, rank, header);
            tensors.put(
                    target + (down ? ".lora_a" : ".lora_b"),
                    down ? tensor.getValue() : ordered(tensor.getValue(), projection, header));
        }
        checkPairs(tensors);
        GgufAdapterFile.write(out, architecture, (float) alpha, tensors);
        return new Imported(rank, alpha, tensors.size());
    }

    private static JsonNode config(Path file) throws IOException, AdapterRefused {
        JsonNode config;
        try {
            config = new ObjectMapper().readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new AdapterRefused("adapter_config.json is no JSON");
        }
        if (!config.path("peft_type").asText().equals("LORA")) {
            throw new AdapterRefused("adapter_config.json: peft_type must be LORA");
        }
        for (String flag : List.of("use_dora", "use_rslora", "fan_in_fan_out", "lora_bias")) {
            if (config.path(flag).asBoolean()) {
                throw new AdapterRefused("adapter_config.json: " + flag + " is not served");
            }
        }
        for (String map : List.of("modules_to_save", "rank_pattern", "alpha_pattern")) {
            if (!config.path(map).isEmpty()) {
                throw new AdapterRefused("adapter_config.json: " + map + " is not served");
            }
        }
        if (!config.path("bias").asText("none").equals("none")) {
            throw new AdapterRefused("adapter_config.json: trained biases are not served");
        }
        int rank = config.path("r").asInt();
        if (rank < 1 || rank > HIGHEST_RANK) {
            throw new AdapterRefused("adapter_config.json: r must be 1 to " + HIGHEST_RANK + ", was " + rank);
        }
        if (!(config.path("lora_alpha").asDouble() > 0)) {
            throw new AdapterRefused("adapter_config.json: lora_alpha must be above 0");
        }
        return config;
    }

    private static void checkShape(String target, Safetensors.Matrix matrix, boolean down, int rank, GgufHeader header)
            throws AdapterRefused {
        List<Long> shape = header.tensors().get(target);
        if (shape == null || shape.size() != 2) {
            throw new AdapterRefused("the base has no tensor " + target);
        }
        long rows = down ? rank : shape.get(1);
        long columns = down ? shape.get(0) : rank;
        if (matrix.rows() != rows || matrix.columns() != columns) {
            throw new AdapterRefused("%s: half %s is %d x %d, the base and rank %d want %d x %d"
                    .formatted(target, down ? "A" : "B", matrix.rows(), matrix.columns(), rank, rows, columns));
        }
    }

    private static void checkPairs(Map<String, Safetensors.Matrix> tensors) throws AdapterRefused {
        if (tensors.isEmpty()) {
            throw new AdapterRefused("the adapter is empty");
        }
        for (String name : tensors.keySet()) {
            String half = name.endsWith("_a") ? "_b" : "_a";
            if (!tensors.containsKey(name.substring(0, name.length() - 2) + half)) {
                throw new AdapterRefused(name + " lacks its other half");
            }
        }
    }

    private static Safetensors.Matrix ordered(Safetensors.Matrix b, String projection, GgufHeader header)
            throws AdapterRefused {
        if (!PERMUTED.contains(header.architecture())) {
            return b;
        }
        return switch (projection) {
            case "attn_q" -> interleaved(b, (int) header.number("attention.head_count"));
            case "attn_k" -> interleaved(b, (int) header.number("attention.head_count_kv"));
            default -> b;
        };
    }

    /** Within each head, row {@code i} of the first half and row {@code i} of the second become rows {@code 2i} and {@code 2i + 1}. */
    private static Safetensors.Matrix interleaved(Safetensors.Matrix b, int heads) throws AdapterRefused {
        if (b.rows() % (2 * heads) != 0) {
            throw new AdapterRefused(b.rows() + " rows cannot be shared among " + heads + " heads");
        }
        int width = b.columns();
        int headRows = b.rows() / heads;
        float[] numbers = new float[b.numbers().length];
        for (int row = 0; row < b.rows(); row++) {
            int head = row / headRows;
            int within = row % headRows;
            int half = within / (headRows / 2);
            int to = head * headRows + 2 * (within % (headRows / 2)) + half;
            System.arraycopy(b.numbers(), row * width, numbers, to * width, width);
        }
        return new Safetensors.Matrix(b.rows(), width, numbers);
    }
}
