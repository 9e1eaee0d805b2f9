#include "sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "errors.h"
#include "limits.h"

namespace slm {

namespace {

constexpr float nothing = -std::numeric_limits<float>::infinity();
constexpr int32_t penalty_window = 64;
constexpr int32_t most_candidates = 200;

float number(const common_json & json, const char * field, float otherwise, float least, float most) {
    if (!json.contains(field) || json.at(field).is_null()) return otherwise;
    if (!json.at(field).is_number()) throw Error(Code::Invalid, std::string(field) + " must be a number");
    const auto value = json.at(field).get<double>();
    if (!std::isfinite(value) || value < least || value > most) {
        throw Error(Code::Invalid, std::string(field) + " is out of range");
    }
    return static_cast<float>(value);
}

// The greatest logit, where it is, and the greatest of the others.
struct Best {
    llama_token token;
    float first;
    float second;
};

// NaN counts as nothing.
template <int32_t n>
float greatest_of(const float * values) {
    constexpr int32_t wide = 16;
    float greatest[wide];
    std::fill(greatest, greatest + wide, nothing);
    for (int32_t i = 0; i < n; i += wide) {
        for (int32_t j = 0; j < wide; j++) greatest[j] = values[i + j] > greatest[j] ? values[i + j] : greatest[j];
    }
    return *std::max_element(greatest, greatest + wide);
}

Best best_of(const float * logits, int32_t count) {
    // the maximum of a block takes no branch, and few blocks hold anything new
    constexpr int32_t block = 256;
    Best best{0, nothing, nothing};
    for (int32_t from = 0; from < count; from += block) {
        const int32_t to = std::min(from + block, count);
        if (to - from == block && !(greatest_of<block>(logits + from) > best.second)) continue;
        for (int32_t i = from; i < to; i++) {
            if (!(logits[i] > best.second)) continue;
            if (logits[i] > best.first) {
                best.second = best.first;
                best.first = logits[i];
                best.token = i;
            } else {
                best.second = logits[i];
            }
        }
    }
    return best;
}

float log_sum_exp(const float * logits, int32_t count, float greatest) {
    double sum = 0;
    for (int32_t i = 0; i < count; i++) sum += std::exp(logits[i] - greatest);
    return greatest + static_cast<float>(std::log(sum));
}

std::vector<TopToken> top_of(const float * logits, int32_t count, int32_t wanted, float normaliser) {
    std::vector<TopToken> top;
    if (wanted <= 0) return top;
    std::vector<int32_t> order(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; i++) order[static_cast<size_t>(i)] = i;
    std::partial_sort(order.begin(), order.begin() + wanted, order.end(),
                      [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
    for (int32_t i = 0; i < wanted; i++) {
        const int32_t token = order[static_cast<size_t>(i)];
        top.push_back({token, logits[token] - normaliser});
    }
    return top;
}

SamplerPtr make_chain(const llama_vocab * vocab, const SamplingParams & p,
                      const std::vector<llama_logit_bias> & biases) {
    const bool penalties = p.repeat_penalty != 1 || p.frequency_penalty != 0 || p.presence_penalty != 0;
    if (p.temperature == 0 && !penalties && biases.empty()) return nullptr;
    auto params = llama_sampler_chain_default_params();
    params.no_perf = true;
    SamplerPtr chain(llama_sampler_chain_init(params));
    const int32_t vocabulary = llama_vocab_n_tokens(vocab);
    const auto add = [&](llama_sampler * sampler) { llama_sampler_chain_add(chain.get(), sampler); };
    if (!biases.empty()) {
        add(llama_sampler_init_logit_bias(vocabulary, static_cast<int32_t>(biases.size()), biases.data()));
    }
    if (penalties) {
        add(llama_sampler_init_penalties(vocabulary, penalty_window, p.repeat_penalty, p.frequency_penalty,
                                         p.presence_penalty));
    }
    if (p.temperature == 0) {
        add(llama_sampler_init_greedy());
        return chain;
    }
    add(llama_sampler_init_top_k(p.top_k));
    if (p.top_p < 1) add(llama_sampler_init_top_p(p.top_p, 1));
    if (p.min_p > 0) add(llama_sampler_init_min_p(p.min_p, 1));
    add(llama_sampler_init_temp(p.temperature));
    add(llama_sampler_init_dist(p.seed));
    return chain;
}

}  // namespace

SamplingParams SamplingParams::parse(const common_json & json, int32_t vocabulary) {
    SamplingParams p;
    p.temperature = number(json, "temperature", 0, 0, 2);
    p.top_p = number(json, "top_p", 1, 0, 1);
    if (p.top_p <= 0) throw Error(Code::Invalid, "top_p is out of range");
    p.min_p = number(json, "min_p", 0, 0, 1);
    p.top_k = static_cast<int32_t>(number(json, "top_k", 0, 0, most_candidates));
    if (p.top_k == 0) p.top_k = most_candidates;
    p.frequency_penalty = number(json, "frequency_penalty", 0, -2, 2);
    p.presence_penalty = number(json, "presence_penalty", 0, -2, 2);
    p.repeat_penalty = number(json, "repeat_penalty", 1, 0, 4);
    if (p.repeat_penalty < 0.01F) throw Error(Code::Invalid, "repeat_penalty is out of range");
    if (json.contains("seed") && !json.at("seed").is_null()) {
        if (!json.at("seed").is_number_integer()) throw Error(Code::Invalid, "seed must be an integer");
        p.seed = static_cast<uint32_t>(json.at("seed").get<int64_t>());
        if (p.seed == LLAMA_DEFAULT_SEED) p.seed--;  // that value asks llama.cpp for a random seed
    }
    if (json.contains("logit_bias")) {
        const auto & biases = json.at("logit_bias");
        if (biases.size() > max_biases) throw Error(Code::Invalid, "logit_bias has more than 300 entries");
        for (const auto & pair : biases) {
            const auto token = pair.at(0).get<int64_t>();
            const auto bias = pair.at(1).get<double>();
            if (token < 0 || token >= vocabulary) throw Error(Code::Invalid, "logit_bias: no such token");
            if (!(bias >= -100 && bias <= 100)) throw Error(Code::Invalid, "logit_bias is out of range");
            p.biases.push_back({static_cast<llama_token>(token), static_cast<float>(bias)});
        }
    }
    if (json.contains("logprobs")) p.logprobs = static_cast<int32_t>(number(json, "logprobs", -1, -1, 20));
    p.ignore_end = json.value("ignore_end", false);
    return p;
}

Sampler::Sampler(const llama_vocab * vocab, const SamplingParams & params, SamplerPtr grammar, std::string trigger)
    : vocab_(vocab),
      params_(params),
      grammar_(std::move(grammar)),
      trigger_(std::move(trigger)),
      armed_(grammar_ && trigger_.empty()) {
    std::vector<llama_logit_bias> biases;
    for (const auto & [token, bias] : params_.biases) biases.push_back({token, bias});
    int32_t count = 0;
    const llama_token * suppressed = llama_vocab_get_suppress_tokens(vocab, &count);
    for (int32_t i = 0; i < count; i++) biases.push_back({suppressed[i], nothing});
    if (params_.ignore_end) {
        for (llama_token t = 0; t < llama_vocab_n_tokens(vocab); t++) {
            if (llama_vocab_is_eog(vocab, t)) ends_.push_back(t);
        }
    }
    chain_ = make_chain(vocab, params_, biases);
}

void Sampler::fill(const float * logits) {
    const auto count = static_cast<size_t>(llama_vocab_n_tokens(vocab_));
    candidates_.resize(count);
    for (size_t i = 0; i < count; i++) candidates_[i] = {static_cast<llama_token>(i), logits[i], 0};
    for (const llama_token end : ends_) candidates_[static_cast<size_t>(end)].logit = nothing;
}

llama_token Sampler::pick() {
    if (!chain_) {
        const auto best = std::max_element(candidates_.begin(), candidates_.end(),
                                           [](const auto & a, const auto & b) { return a.logit < b.logit; });
        return best->id;
    }
    llama_token_data_array array = {candidates_.data(), candidates_.size(), -1, false};
    llama_sampler_apply(chain_.get(), &array);
    if (array.selected < 0) throw Error(Code::Internal, "the sampler chose no token");
    return array.data[array.selected].id;
}

bool Sampler::allowed(llama_token token) const {
    llama_token_data one = {token, 1, 0};
    llama_token_data_array array = {&one, 1, -1, false};
    llama_sampler_apply(grammar_.get(), &array);
    return one.logit != nothing;
}

Choice Sampler::choose(const float * logits) {
    const int32_t count = llama_vocab_n_tokens(vocab_);
    const Best best = best_of(logits, count);
    if (!std::isfinite(best.first)) throw Error(Code::Internal, "the model gave no finite logit");

    Choice choice;
    if (!chain_ && ends_.empty()) {
        choice.token = best.token;
    } else {
        fill(logits);
        choice.token = pick();
    }
    if (armed_ && !allowed(choice.token)) {
        // the usual way tests one token; only a refused one costs the whole vocabulary
        fill(logits);
        llama_token_data_array array = {candidates_.data(), candidates_.size(), -1, false};
        llama_sampler_apply(grammar_.get(), &array);
        const auto fitting =
            std::count_if(candidates_.begin(), candidates_.end(), [](const auto & c) { return c.logit != nothing; });
        if (fitting == 0) throw Error(Code::Internal, "the grammar allows no token");
        choice.flags = TokenRecord::refused;
        if (fitting == 1) choice.flags |= TokenRecord::forced;
        choice.token = pick();
    }
    if (llama_vocab_is_control(vocab_, choice.token)) choice.flags |= TokenRecord::special;
    choice.margin = logits[choice.token] - (choice.token == best.token ? best.second : best.first);
    choice.logprob = std::numeric_limits<float>::quiet_NaN();
    if (params_.logprobs >= 0) {
        const float normaliser = log_sum_exp(logits, count, best.first);
        choice.logprob = logits[choice.token] - normaliser;
        choice.top = top_of(logits, count, params_.logprobs, normaliser);
    }
    return choice;
}

void Sampler::accept(llama_token token, size_t offset, const std::string & text) {
    if (chain_) llama_sampler_accept(chain_.get(), token);
    if (armed_) {
        llama_sampler_accept(grammar_.get(), token);
    } else if (grammar_) {
        watch(token, offset, text);
    }
}

// Waits for the trigger. The grammar is then fed from the token that begins it; if it begins inside a token, or what is
// there already does not fit, the rest stays free: the strict reading of the answer decides.
void Sampler::watch(llama_token token, size_t offset, const std::string & text) {
    recent_.push_back({token, offset});
    const size_t longest = trigger_.size() + 64;
    const size_t at = text.find(trigger_, text.size() > longest ? text.size() - longest : 0);
    if (at == std::string::npos) {
        if (recent_.size() > 2 * longest) recent_.erase(recent_.begin(), recent_.begin() + static_cast<long>(longest));
        return;
    }
    const auto first =
        std::find_if(recent_.begin(), recent_.end(), [&](const auto & entry) { return entry.second == at; });
    try {
        for (auto i = first; i != recent_.end(); ++i) {
            if (!allowed(i->first)) throw Error(Code::Invalid, "does not fit");
            llama_sampler_accept(grammar_.get(), i->first);
        }
        armed_ = first != recent_.end();
    } catch (const std::exception &) {
        armed_ = false;
    }
    if (!armed_) grammar_.reset();
    recent_.clear();
}

}  // namespace slm
