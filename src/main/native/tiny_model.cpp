#include "tiny_model.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "errors.h"
#include "ggml.h"
#include "gguf.h"

namespace slm {

namespace {

constexpr int64_t embedding = 256;
constexpr int64_t heads = 4;
constexpr int64_t key_heads = 2;
constexpr int64_t feed_forward = 512;
constexpr int layers = 2;
constexpr uint32_t context = 256;
constexpr uint64_t seed = 20260101;

struct ContextFree {
    void operator()(ggml_context * context) const { ggml_free(context); }
    void operator()(gguf_context * context) const { gguf_free(context); }
};

class Weights {
  public:
    Weights(ggml_context * tensors, gguf_context * file) : tensors_(tensors), file_(file) {}

    // Rows of random numbers whose products keep about the size of what goes in.
    void matrix(const std::string & name, ggml_type type, int64_t columns, int64_t rows) {
        std::normal_distribution<float> numbers(0, 1 / std::sqrt(static_cast<float>(columns)));
        std::vector<float> values(static_cast<size_t>(columns * rows));
        for (auto & value : values) value = numbers(random_);
        auto * const tensor = ggml_new_tensor_2d(tensors_, type, columns, rows);
        ggml_quantize_chunk(type, values.data(), tensor->data, 0, rows, columns, nullptr);
        add(tensor, name);
    }

    void ones(const std::string & name) {
        auto * const tensor = ggml_new_tensor_1d(tensors_, GGML_TYPE_F32, embedding);
        for (int64_t i = 0; i < embedding; i++) static_cast<float *>(tensor->data)[i] = 1;
        add(tensor, name);
    }

  private:
    void add(ggml_tensor * tensor, const std::string & name) {
        ggml_set_name(tensor, name.c_str());
        gguf_add_tensor(file_, tensor);
    }

    ggml_context * tensors_;
    gguf_context * file_;
    std::mt19937_64 random_{seed};
};

void describe(gguf_context * file) {
    gguf_set_val_str(file, "general.architecture", "llama");
    gguf_set_val_u32(file, "llama.vocab_size", tiny_vocabulary);
    gguf_set_val_u32(file, "llama.context_length", context);
    gguf_set_val_u32(file, "llama.embedding_length", embedding);
    gguf_set_val_u32(file, "llama.block_count", layers);
    gguf_set_val_u32(file, "llama.feed_forward_length", feed_forward);
    gguf_set_val_u32(file, "llama.attention.head_count", heads);
    gguf_set_val_u32(file, "llama.attention.head_count_kv", key_heads);
    gguf_set_val_u32(file, "llama.rope.dimension_count", embedding / heads);
    gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    gguf_set_val_str(file, "tokenizer.ggml.model", "no_vocab");
}

void fill(Weights & weights) {
    const int64_t keys = embedding / heads * key_heads;
    weights.matrix("token_embd.weight", GGML_TYPE_F16, embedding, tiny_vocabulary);
    weights.ones("output_norm.weight");
    weights.matrix("output.weight", GGML_TYPE_F16, embedding, tiny_vocabulary);
    for (int i = 0; i < layers; i++) {
        const auto block = "blk." + std::to_string(i) + ".";
        weights.ones(block + "attn_norm.weight");
        weights.matrix(block + "attn_q.weight", GGML_TYPE_Q8_0, embedding, embedding);
        weights.matrix(block + "attn_k.weight", GGML_TYPE_Q8_0, embedding, keys);
        weights.matrix(block + "attn_v.weight", GGML_TYPE_Q8_0, embedding, keys);
        weights.matrix(block + "attn_output.weight", GGML_TYPE_Q8_0, embedding, embedding);
        weights.ones(block + "ffn_norm.weight");
        weights.matrix(block + "ffn_gate.weight", GGML_TYPE_Q4_1, embedding, feed_forward);
        weights.matrix(block + "ffn_up.weight", GGML_TYPE_Q4_1, embedding, feed_forward);
        weights.matrix(block + "ffn_down.weight", GGML_TYPE_Q4_1, feed_forward, embedding);
    }
}

}  // namespace

FilePtr make_tiny_model() {
    constexpr size_t room = 8u << 20;
    const std::unique_ptr<ggml_context, ContextFree> tensors(ggml_init({room, nullptr, false}));
    const std::unique_ptr<gguf_context, ContextFree> file(gguf_init_empty());
    if (!tensors || !file) throw Error(Code::Internal, "no memory for the model of a probe");
    describe(file.get());
    Weights weights(tensors.get(), file.get());
    fill(weights);
    const int memory = memfd_create("tiny.gguf", MFD_CLOEXEC);
    FilePtr out(memory < 0 ? nullptr : fdopen(memory, "w+b"));
    if (!out) {
        if (memory >= 0) close(memory);
        throw Error(Code::Internal, "no memory for the model of a probe");
    }
    if (!gguf_write_to_file_ptr(file.get(), out.get(), false) || fflush(out.get()) != 0) {
        throw Error(Code::Internal, "the model of a probe cannot be written");
    }
    rewind(out.get());
    return out;
}

}  // namespace slm
