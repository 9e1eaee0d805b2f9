// Weights with their vocabulary, chat template and adapters. Shared by an engine and by the plans made for it.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "chat_template.h"
#include "llama-cpp.h"

namespace slm {

class Model {
  public:
    // The whole of it goes onto a GPU, or onto the CPU where that is null. Throws Error(ModelLoad) if the file cannot
    // be loaded, Error(Invalid) if the override is no template.
    Model(const std::string & path, const std::string & template_override, ggml_backend_dev_t gpu);

    llama_model * get() const { return model_.get(); }
    const llama_vocab * vocab() const { return vocab_; }
    int32_t vocabulary() const { return llama_vocab_n_tokens(vocab_); }
    const ChatTemplate & chat() const { return *chat_; }

    std::vector<llama_token> tokenize(const std::string & text, bool add_special, bool parse_special) const;
    std::string detokenize(const std::vector<llama_token> & tokens) const;

    // The bytes of one token; control tokens give none, or their name.
    std::string piece(llama_token token, bool with_control) const;

  private:
    llama_model_ptr model_;
    const llama_vocab * vocab_;
    std::unique_ptr<ChatTemplate> chat_;
};

// How weights are loaded: all of them on one device. The GPU stands in `devices`, which the parameters point to.
llama_model_params model_params(std::array<ggml_backend_dev_t, 2> & devices, ggml_backend_dev_t gpu);

// The adapters of one engine, each loaded once, with the number of those who want it and of requests that use it.
// llama.cpp keeps its list of a model's adapters without a lock: load and erase are called on the decode thread only.
class Adapters {
  public:
    // `key` tells contents apart: the same again is one more hold on what is loaded, whatever its path. Throws
    // Error(Invalid) if the file is no adapter for this model.
    int load(llama_model * model, const std::string & path, const std::string & key);

    // Gives one hold back. An adapter without holds takes no new requests; when it has no uses either it is among
    // `leaving`.
    void unload(int id);

    std::vector<int> leaving() const;
    bool any_leaving() const { return any_leaving_; }
    void erase(int id);
    bool has(int id) const;

    // Any thread. Throws Error(Closed) for an id that is not loaded, or no more.
    void retain(int id);
    void release(int id);

    llama_adapter_lora * get(int id) const;

    // JSON: a list of id, path, holds, uses.
    std::string describe() const;

  private:
    struct Entry {
        llama_adapter_lora_ptr adapter;
        std::string path;
        std::string key;
        size_t holds = 0;
        size_t uses = 0;
    };

    mutable std::mutex mutex_;
    std::map<int, Entry> entries_;
    std::atomic<bool> any_leaving_{false};
    int next_ = 1;
};

}  // namespace slm
