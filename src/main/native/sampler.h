// From a row of logits to one token, and how sure the model was of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "events.h"
#include "json.h"
#include "llama.h"

namespace slm {

struct SamplerFree {
    void operator()(llama_sampler * sampler) const { llama_sampler_free(sampler); }
};
using SamplerPtr = std::unique_ptr<llama_sampler, SamplerFree>;

struct SamplingParams {
    float temperature = 0;
    float top_p = 1;
    float min_p = 0;
    int32_t top_k = 200;
    float frequency_penalty = 0;
    float presence_penalty = 0;
    float repeat_penalty = 1;
    uint32_t seed = LLAMA_DEFAULT_SEED;
    std::vector<std::pair<llama_token, float>> biases;
    int32_t logprobs = -1;    // alternatives to report; -1: no logprobs at all
    bool ignore_end = false;  // go on to the token limit, for measurements

    // Reads and checks; throws Error(Invalid) that names the field.
    static SamplingParams parse(const common_json & json, int32_t vocabulary);
};

struct Choice {
    llama_token token = LLAMA_TOKEN_NULL;
    uint8_t flags = 0;  // TokenRecord's
    float logprob = 0;  // NaN unless asked for
    float margin = 0;   // raw logit minus the best other's, before sampler and grammar
    std::vector<TopToken> top;
};

class Sampler {
  public:
    // `grammar` is null or a fresh grammar. `trigger`: it binds only from the text that this string begins.
    Sampler(const llama_vocab * vocab, const SamplingParams & params, SamplerPtr grammar, std::string trigger);

    // Throws Error(Internal) when the row has no finite logit.
    Choice choose(const float * logits);

    // Must follow each choose(). `offset`: where the token's text begins; `text`: everything so far, this token
    // included.
    void accept(llama_token token, size_t offset, const std::string & text);

  private:
    void fill(const float * logits);
    llama_token pick();
    bool allowed(llama_token token) const;
    void watch(llama_token token, size_t offset, const std::string & text);

    const llama_vocab * vocab_;
    SamplingParams params_;
    SamplerPtr grammar_;
    std::string trigger_;
    bool armed_;
    SamplerPtr chain_;  // null: greedy without biases or penalties
    std::vector<llama_token_data> candidates_;
    std::vector<llama_token> ends_;
    std::vector<std::pair<llama_token, size_t>> recent_;  // tokens and offsets while the trigger is awaited
};

}  // namespace slm
