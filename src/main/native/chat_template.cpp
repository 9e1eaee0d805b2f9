#include "chat_template.h"

#include "errors.h"

namespace slm {

namespace {

constexpr const char * sentinel_text = "sentinel_text";

common_chat_msg message(const std::string & role, const std::string & content) {
    common_chat_msg msg;
    msg.role = role;
    msg.content = content;
    return msg;
}

std::vector<common_chat_tool> sentinel_tools() {
    return {{"sentinel_tool", "", R"({"type": "object", "properties": {"sentinel_field": {"type": "string"}}})"}};
}

// A message with these calls (name, arguments).
common_chat_msg calling_message(const std::vector<std::pair<std::string, std::string>> & calls) {
    auto msg = message("assistant", "");
    for (const auto & [name, arguments] : calls) {
        msg.tool_calls.push_back({name, arguments, "call" + std::to_string(100000 + msg.tool_calls.size())});
    }
    return msg;
}

std::string token_text(const llama_model * model, llama_token (*which)(const llama_vocab *)) {
    if (!model) return "";
    const llama_vocab * vocab = llama_model_get_vocab(model);
    const llama_token token = which(vocab);
    return token == LLAMA_TOKEN_NULL ? "" : common_token_to_piece(vocab, token, true);
}

}  // namespace

ChatTemplate::ChatTemplate(const llama_model * model, const std::string & source)
    : templates_(common_chat_templates_init(model, source)),
      present_(!source.empty() || llama_model_chat_template(model, nullptr) != nullptr) {
    const auto capabilities = common_chat_templates_get_caps(templates_.get());
    const auto supports = [&](const char * what) {
        const auto found = capabilities.find(what);
        return found != capabilities.end() && found->second;
    };
    if (!present_ || !supports("supports_tools") || !supports("supports_tool_calls")) return;
    try {
        learn_calls(model);
    } catch (const std::exception &) {
        calls_.reset();  // what cannot be learned cannot be read either
    }
}

void ChatTemplate::learn_calls(const llama_model * model) {
    question_ = render({message("user", sentinel_text)}, sentinel_tools(), true);
    const std::string plain = turn(message("assistant", sentinel_text));
    const size_t at = plain.find(sentinel_text);
    if (at != std::string::npos) end_of_turn_ = plain.substr(at + std::string(sentinel_text).size());
    calls_ = CallFormat::learn([this](const auto & calls) { return turn(calling_message(calls)); }, end_of_turn_);
    if (!calls_) return;
    std::string spelled = common_chat_templates_source(templates_.get(), "tool_use");
    if (spelled.empty()) spelled = common_chat_templates_source(templates_.get());
    const common_chat_template the_template(spelled, token_text(model, llama_vocab_bos),
                                            token_text(model, llama_vocab_eos));
    analysis_.analyze_template(the_template);
    autoparser::generation_params inputs;
    inputs.messages = common_json::parse(R"([{"role": "user", "content": "x"}])");
    inputs.tools = common_chat_tools_to_json_oaicompat(sentinel_tools());
    inputs.add_generation_prompt = true;
    inputs.enable_thinking = false;
    generation_prompt_ = common_chat_template_generation_prompt(the_template, inputs);
}

std::string ChatTemplate::render(const std::vector<common_chat_msg> & messages,
                                 const std::vector<common_chat_tool> & tools, bool generation_prompt) const {
    common_chat_templates_inputs inputs;
    inputs.messages = messages;
    inputs.tools = tools;
    inputs.add_generation_prompt = generation_prompt;
    inputs.enable_thinking = false;
    // the prompt only: grammars and parsers are our own, and upstream's take milliseconds to make
    inputs.force_pure_content = true;
    return common_chat_templates_apply(templates_.get(), inputs).prompt;
}

std::string ChatTemplate::turn(const common_chat_msg & answer) const {
    const std::string whole = render({message("user", sentinel_text), answer}, sentinel_tools(), false);
    if (whole.compare(0, question_.size(), question_) != 0) {
        throw Error(Code::Unsupported, "the template writes a turn differently from its generation prompt");
    }
    return whole.substr(question_.size());
}

std::string ChatTemplate::written(const std::vector<std::pair<std::string, std::string>> & calls) const {
    const std::string text = turn(calling_message(calls));
    return text.substr(0, end_of_turn_.empty() ? std::string::npos : text.rfind(end_of_turn_));
}

std::vector<std::pair<std::string, std::string>> ChatTemplate::found_by_upstream(
    const std::vector<common_chat_tool> & tools, const std::string & text) const {
    autoparser::generation_params inputs;
    inputs.tools = common_chat_tools_to_json_oaicompat(tools);
    inputs.reasoning_format = COMMON_REASONING_FORMAT_NONE;
    inputs.enable_thinking = false;
    common_chat_parser_params params;
    params.format = COMMON_CHAT_FORMAT_PEG_NATIVE;
    params.generation_prompt = generation_prompt_;
    params.parser = analysis_.build_parser(inputs, generation_prompt_);
    std::vector<std::pair<std::string, std::string>> calls;
    for (const auto & call : common_chat_parse(text, false, params).tool_calls) {
        calls.push_back({call.name, call.arguments});
    }
    return calls;
}

}  // namespace slm
