#include "tiny.h"

#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "ggml.h"
#include "gguf.h"

namespace tiny {

namespace {

constexpr int64_t embedding = 64;
constexpr int64_t heads = 4;
constexpr int64_t key_heads = 2;
constexpr int64_t feed_forward = 128;
constexpr int layers = 2;

struct Free {
    void operator()(ggml_context * context) const { ggml_free(context); }
    void operator()(gguf_context * context) const { gguf_free(context); }
};

class Weights {
  public:
    Weights(gguf_context * file, uint32_t seed) : file_(file), random_(seed) {}

    void matrix(const std::string & name, int64_t columns, int64_t rows, float deviation) {
        auto * const tensor = ggml_new_tensor_2d(tensors_.get(), GGML_TYPE_F32, columns, rows);
        std::normal_distribution<float> numbers(0, deviation);
        auto * const values = static_cast<float *>(tensor->data);
        for (int64_t i = 0; i < columns * rows; i++) values[i] = numbers(random_);
        add(tensor, name);
    }

    void ones(const std::string & name) {
        auto * const tensor = ggml_new_tensor_1d(tensors_.get(), GGML_TYPE_F32, embedding);
        for (int64_t i = 0; i < embedding; i++) static_cast<float *>(tensor->data)[i] = 1;
        add(tensor, name);
    }

  private:
    void add(ggml_tensor * tensor, const std::string & name) {
        ggml_set_name(tensor, name.c_str());
        gguf_add_tensor(file_, tensor);
    }

    gguf_context * file_;
    std::unique_ptr<ggml_context, Free> tensors_{ggml_init({4u << 20, nullptr, false})};
    std::mt19937 random_;
};

void words(gguf_context * file) {
    constexpr int32_t normal = 1;
    constexpr int32_t unknown = 2;
    constexpr int32_t control = 3;
    constexpr int32_t byte = 6;
    std::vector<std::string> texts = {"<unk>", "<s>", "</s>"};
    std::vector<int32_t> types = {unknown, control, control};
    for (int i = 0; i < 256; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", i);
        texts.push_back(name);
        types.push_back(byte);
    }
    while (texts.size() < vocabulary) {
        texts.push_back("w" + std::to_string(texts.size()) + ";");
        types.push_back(normal);
    }
    std::vector<const char *> pointers;
    for (const auto & text : texts) pointers.push_back(text.c_str());
    const std::vector<float> scores(texts.size(), 0);
    gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
    gguf_set_arr_str(file, "tokenizer.ggml.tokens", pointers.data(), pointers.size());
    gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
    gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types.data(), types.size());
    gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", 1);
    gguf_set_val_u32(file, "tokenizer.ggml.eos_token_id", 2);
}

void shape(gguf_context * file) {
    gguf_set_val_str(file, "general.architecture", "llama");
    gguf_set_val_u32(file, "llama.vocab_size", vocabulary);
    gguf_set_val_u32(file, "llama.context_length", 2048);
    gguf_set_val_u32(file, "llama.embedding_length", embedding);
    gguf_set_val_u32(file, "llama.block_count", layers);
    gguf_set_val_u32(file, "llama.feed_forward_length", feed_forward);
    gguf_set_val_u32(file, "llama.attention.head_count", heads);
    gguf_set_val_u32(file, "llama.attention.head_count_kv", key_heads);
    gguf_set_val_u32(file, "llama.rope.dimension_count", embedding / heads);
    gguf_set_val_f32(file, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
}

void fill(Weights & weights) {
    const auto usual = 1 / std::sqrt(static_cast<float>(embedding));
    const int64_t keys = embedding / heads * key_heads;
    // wide enough that the best token stands clear of the second, as it does in a real model
    weights.matrix("token_embd.weight", embedding, vocabulary, 0.4F);
    weights.ones("output_norm.weight");
    for (int i = 0; i < layers; i++) {
        const auto block = "blk." + std::to_string(i) + ".";
        weights.ones(block + "attn_norm.weight");
        weights.matrix(block + "attn_q.weight", embedding, embedding, usual);
        weights.matrix(block + "attn_k.weight", embedding, keys, usual);
        weights.matrix(block + "attn_v.weight", embedding, keys, usual);
        weights.matrix(block + "attn_output.weight", embedding, embedding, usual);
        weights.ones(block + "ffn_norm.weight");
        weights.matrix(block + "ffn_gate.weight", embedding, feed_forward, usual);
        weights.matrix(block + "ffn_up.weight", embedding, feed_forward, usual);
        weights.matrix(block + "ffn_down.weight", feed_forward, embedding, usual);
    }
}

}  // namespace

void write(const std::string & path, uint32_t seed) {
    const std::unique_ptr<gguf_context, Free> file(gguf_init_empty());
    shape(file.get());
    words(file.get());
    Weights weights(file.get(), seed);
    fill(weights);
    if (!gguf_write_to_file(file.get(), path.c_str(), false)) throw std::runtime_error("cannot write " + path);
}

}  // namespace tiny
