#include "messages.h"

#include <algorithm>

#include "errors.h"

namespace slm {

namespace {

bool set(const common_json & object, const char * field) {
    return object.contains(field) && !object.at(field).is_null();
}

bool is_system(const std::string & role) {
    return role == "system" || role == "developer";
}

void check_message(const common_json & message) {
    static const std::vector<std::string> roles = {"system", "developer", "user", "assistant", "tool"};
    if (!message.is_object() || !message.contains("role") || !message.at("role").is_string()) {
        throw Error(Code::Invalid, "messages: each needs a role");
    }
    const auto role = message.at("role").get<std::string>();
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) {
        throw Error(Code::Unsupported, "messages: role " + role.substr(0, 40));
    }
    for (const char * field : {"function_call", "audio", "refusal"}) {
        if (set(message, field)) throw Error(Code::Unsupported, std::string("messages: ") + field);
    }
    if (role != "tool" && set(message, "name")) {
        throw Error(Code::Unsupported, "messages: a name, which chat templates do not show");
    }
    if (set(message, "tool_calls")) {
        for (const auto & call : message.at("tool_calls")) {
            const std::string type = call.value("type", "");
            if (type != "function") throw Error(Code::Unsupported, "messages: a call of type " + type.substr(0, 40));
        }
    }
    if (!message.contains("content") || !message.at("content").is_array()) return;
    for (const auto & part : message.at("content")) {
        const std::string type = part.value("type", "");
        if (type != "text") throw Error(Code::Unsupported, "messages: a content part of type " + type.substr(0, 40));
    }
}

std::string_view trimmed(std::string_view text) {
    const size_t from = text.find_first_not_of(" \n\t\r");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \n\t\r") - from + 1);
}

// Looks for texts in a prompt, each after the one before.
class Search {
  public:
    explicit Search(std::string_view prompt) : prompt_(prompt) {}

    // The text as it is, or as JSON writes it.
    bool finds(std::string_view text, bool anywhere) {
        text = trimmed(text);
        if (text.empty()) return true;
        if (found(text, anywhere)) return true;
        const std::string quoted = common_json::make(std::string(text)).dump_safe();
        return found(std::string_view(quoted).substr(1, quoted.size() - 2), anywhere);
    }

    // Every text among the values of some arguments, in any order: templates sort names as they like.
    bool finds_values(const common_json & value) {
        if (value.is_string()) {
            const size_t here = at_;
            const bool shown = finds(value.get<std::string>(), false);
            at_ = here;
            return shown;
        }
        if (value.is_object()) {
            for (const auto & [name, member] : value.items()) {
                if (!finds_values(member)) return false;
            }
            return true;
        }
        if (!value.is_array()) return true;
        for (const auto & item : value) {
            if (!finds_values(item)) return false;
        }
        return true;
    }

  private:
    bool found(std::string_view text, bool anywhere) {
        const size_t at = prompt_.find(text, anywhere ? 0 : at_);
        if (at == std::string_view::npos) return false;
        if (!anywhere) at_ = at + text.size();
        return true;
    }

    std::string_view prompt_;
    size_t at_ = 0;
};

bool shows(Search & search, const common_chat_msg & message) {
    const bool anywhere = is_system(message.role);
    std::string_view content = message.content;
    // thoughts of earlier turns are left out on purpose
    const size_t thought = content.rfind("</think>");
    if (message.role == "assistant" && thought != std::string_view::npos) content.remove_prefix(thought + 8);
    if (!search.finds(content, anywhere)) return false;
    for (const auto & part : message.content_parts) {
        if (!search.finds(part.text, anywhere)) return false;
    }
    for (const auto & call : message.tool_calls) {
        if (!search.finds(call.name, false)) return false;
        const auto arguments = common_json::parse(call.arguments.empty() ? "{}" : call.arguments);
        if (!search.finds_values(arguments)) return false;
    }
    return true;
}

}  // namespace

std::vector<common_chat_msg> read_messages(const common_json & body) {
    if (!set(body, "messages") || !body.at("messages").is_array() || body.at("messages").empty()) {
        throw Error(Code::Invalid, "messages must be a list that is not empty");
    }
    for (const auto & message : body.at("messages")) check_message(message);
    auto messages = body.at("messages");
    for (auto & message : messages) {
        // upstream takes null for a list
        if (message.contains("tool_calls") && message.at("tool_calls").is_null()) message.erase("tool_calls");
        if (message.contains("name") && message.at("name").is_null()) message.erase("name");
        if (!message.contains("content")) message["content"] = nullptr;
    }
    return common_chat_msgs_parse_oaicompat(messages);
}

void require_all_shown(const std::vector<common_chat_msg> & messages, const std::vector<common_chat_tool> & tools,
                       const std::string & prompt) {
    for (const auto & tool : tools) {
        if (prompt.find(tool.name) == std::string::npos) {
            throw Error(Code::Unsupported, "tools: the model's chat template does not show " + tool.name);
        }
    }
    Search search(prompt);
    for (const auto & message : messages) {
        if (!shows(search, message)) {
            throw Error(Code::Unsupported,
                        "messages: the model's chat template leaves out a part of role " + message.role);
        }
    }
}

}  // namespace slm
