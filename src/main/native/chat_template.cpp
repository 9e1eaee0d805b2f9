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

}  // namespace

common_chat_msg calling_message(const std::vector<std::pair<std::string, std::string>> & calls) {
    auto msg = message("assistant", "");
    for (const auto & [name, arguments] : calls) {
        msg.tool_calls.push_back({name, arguments, "call" + std::to_string(100000 + msg.tool_calls.size())});
    }
    return msg;
}

ChatTemplate::ChatTemplate(const llama_model * model, const std::string & source)
    : templates_(common_chat_templates_init(model, source)),
      present_(!source.empty() || llama_model_chat_template(model, nullptr) != nullptr) {
    const auto capabilities = common_chat_templates_get_caps(templates_.get());
    const auto supports = [&](const char * what) {
        const auto found = capabilities.find(what);
        return found != capabilities.end() && found->second;
    };
    if (!present_ || !supports("supports_tools") || !supports("supports_tool_calls")) return;
    std::string end_of_turn;
    try {
        const std::string plain = turn(message("assistant", sentinel_text));
        const size_t at = plain.find(sentinel_text);
        if (at != std::string::npos) end_of_turn = plain.substr(at + std::string(sentinel_text).size());
    } catch (const std::exception &) {
        return;  // the template cannot show a plain turn; then calls cannot be told from it either
    }
    calls_ = CallFormat::learn([this](const auto & calls) { return turn(calling_message(calls)); }, end_of_turn);
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
    const auto question = message("user", sentinel_text);
    const std::string before = render({question}, sentinel_tools(), true);
    const std::string whole = render({question, answer}, sentinel_tools(), false);
    if (whole.compare(0, before.size(), before) != 0) {
        throw Error(Code::Unsupported, "the template writes a turn differently from its generation prompt");
    }
    return whole.substr(before.size());
}

}  // namespace slm
