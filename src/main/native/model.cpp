#include "model.h"

#include <algorithm>

#include "common.h"
#include "errors.h"
#include "json.h"

namespace slm {

llama_model_params model_params(std::array<ggml_backend_dev_t, 2> & devices, ggml_backend_dev_t gpu) {
    // an empty list: a model on the CPU makes no context on any other device
    devices = {gpu, nullptr};
    auto params = llama_model_default_params();
    params.devices = devices.data();
    params.n_gpu_layers = gpu ? -1 : 0;
    params.split_mode = LLAMA_SPLIT_MODE_NONE;
    return params;
}

Model::Model(const std::string & path, const std::string & template_override, ggml_backend_dev_t gpu) {
    std::array<ggml_backend_dev_t, 2> devices;
    const auto params = model_params(devices, gpu);
    model_.reset(llama_model_load_from_file(path.c_str(), params));
    if (!model_) throw Error(Code::ModelLoad, "cannot load " + path);
    vocab_ = llama_model_get_vocab(model_.get());
    try {
        chat_ = std::make_unique<ChatTemplate>(model_.get(), template_override);
    } catch (const std::exception & e) {
        throw Error(Code::Invalid, std::string("chat template: ") + e.what());
    }
}

std::vector<llama_token> Model::tokenize(const std::string & text, bool add_special, bool parse_special) const {
    return common_tokenize(vocab_, text, add_special, parse_special);
}

std::string Model::detokenize(const std::vector<llama_token> & tokens) const {
    for (const llama_token token : tokens) {
        if (token < 0 || token >= vocabulary()) throw Error(Code::Invalid, "no such token");
    }
    return common_detokenize(vocab_, tokens, true);
}

std::string Model::piece(llama_token token, bool with_control) const {
    return common_token_to_piece(vocab_, token, with_control);
}

int Adapters::load(llama_model * model, const std::string & path, const std::string & key) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto & [id, entry] : entries_) {
            if (entry.key != key) continue;
            entry.holds++;
            return id;
        }
    }
    llama_adapter_lora_ptr adapter(llama_adapter_lora_init(model, path.c_str()));
    if (!adapter) throw Error(Code::Invalid, "cannot load the adapter " + path);
    const std::lock_guard<std::mutex> lock(mutex_);
    const int id = next_++;
    entries_[id] = {std::move(adapter), path, key, 1, 0};
    return id;
}

void Adapters::unload(int id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.holds == 0) return;
    found->second.holds--;
    if (found->second.holds == 0 && found->second.uses == 0) any_leaving_ = true;
}

std::vector<int> Adapters::leaving() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<int> list;
    for (const auto & [id, entry] : entries_) {
        if (entry.holds == 0 && entry.uses == 0) list.push_back(id);
    }
    return list;
}

void Adapters::erase(int id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.erase(id);
    any_leaving_ = std::any_of(entries_.begin(), entries_.end(),
                               [](const auto & one) { return one.second.holds == 0 && one.second.uses == 0; });
}

bool Adapters::has(int id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.count(id) > 0;
}

void Adapters::retain(int id) {
    if (id == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.holds == 0) throw Error(Code::Closed, "the adapter is not loaded");
    found->second.uses++;
}

void Adapters::release(int id) {
    if (id == 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.uses == 0) return;
    found->second.uses--;
    if (found->second.holds == 0 && found->second.uses == 0) any_leaving_ = true;
}

llama_adapter_lora * Adapters::get(int id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : found->second.adapter.get();
}

std::string Adapters::describe() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    common_json list = common_json::array();
    for (const auto & [id, entry] : entries_) {
        common_json one = common_json::object();
        one["id"] = id;
        one["path"] = entry.path;
        one["holds"] = static_cast<uint64_t>(entry.holds);
        one["uses"] = static_cast<uint64_t>(entry.uses);
        list.push_back(one);
    }
    return list.dump_safe();
}

}  // namespace slm
