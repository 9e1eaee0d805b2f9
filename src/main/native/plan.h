// From an OpenAI chat body to what the engine needs, and from the engine's text back to an answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "calls.h"
#include "chat_template.h"
#include "llama.h"
#include "sampler.h"

namespace slm {

class Model;

// What a chat body comes to: immutable, shared by its request and by the reading of its answer.
struct Plan {
    std::shared_ptr<const Model> model;
    std::string prompt;
    std::vector<llama_token> tokens;
    Reading reading;                      // how the answer is read
    std::vector<common_chat_tool> tools;  // that the prompt describes
    std::string grammar;                  // GBNF, or empty
    std::string trigger;                  // the grammar binds only from this text on; empty: from the start
    SamplerPtr grammar_sampler;           // parsed once; cloned for each request

    // JSON: prompt, tokens, expected, grammar, trigger.
    std::string describe() const;
};

// Renders, tokenises and makes the grammar. Needs a stack of several MB: templates and grammars recurse.
// Throws Error: Invalid for bad fields, Unsupported for what this model's template cannot do; nothing is silently
// dropped.
std::shared_ptr<const Plan> prepare(const std::shared_ptr<const Model> & model, const std::string & chat);

// The strict reading of an answer, as JSON: verdict, reason, content, calls, values.
std::string read(const Plan & plan, const std::string & text, bool cut);

}  // namespace slm
