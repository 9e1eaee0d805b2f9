#include "plan.h"

#include <algorithm>

#include "errors.h"
#include "grammar.h"
#include "limits.h"
#include "model.h"

namespace slm {

namespace {

const char * wire(Expected expected) {
    switch (expected) {
        case Expected::Text:
            return "text";
        case Expected::Json:
            return "json";
        case Expected::AutoCalls:
            return "auto_calls";
        case Expected::ForcedCalls:
            return "forced_calls";
    }
    return "";
}

const char * wire(Verdict::Kind kind) {
    switch (kind) {
        case Verdict::Kind::Text:
            return "TEXT";
        case Verdict::Kind::Calls:
            return "CALLS";
        case Verdict::Kind::Unparsed:
            return "UNPARSED";
    }
    return "";
}

bool set(const common_json & body, const char * field) {
    return body.contains(field) && !body.at(field).is_null();
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
    if (!message.contains("content") || !message.at("content").is_array()) return;
    for (const auto & part : message.at("content")) {
        const std::string type = part.value("type", "");
        if (type != "text") throw Error(Code::Unsupported, "messages: a content part of type " + type.substr(0, 40));
    }
}

std::vector<common_chat_msg> read_messages(const common_json & body) {
    if (!set(body, "messages") || !body.at("messages").is_array() || body.at("messages").empty()) {
        throw Error(Code::Invalid, "messages must be a list that is not empty");
    }
    for (const auto & message : body.at("messages")) check_message(message);
    return common_chat_msgs_parse_oaicompat(body.at("messages"));
}

// What may be called, and whether something must be.
struct Calling {
    std::vector<common_chat_tool> rendered;  // tools that the prompt describes
    std::vector<ToolSpec> callable;
    bool forced = false;
    bool parallel = true;
};

void read_choice(const common_json & body, Calling & calling) {
    if (!set(body, "tool_choice")) return;
    const auto & choice = body.at("tool_choice");
    if (choice.is_string()) {
        const auto word = choice.get<std::string>();
        if (word == "auto") return;
        if (word == "none") {
            calling.rendered.clear();
            calling.callable.clear();
        } else if (word == "required") {
            if (calling.callable.empty()) throw Error(Code::Invalid, "tool_choice: there are no tools");
            calling.forced = true;
        } else {
            throw Error(Code::Invalid, "tool_choice is none of auto, none, required");
        }
        return;
    }
    if (!choice.is_object() || choice.value("type", "") != std::string("function") || !choice.contains("function")) {
        throw Error(Code::Unsupported, "tool_choice: only a function can be named");
    }
    const std::string name = choice.at("function").value("name", "");
    calling.callable.erase(std::remove_if(calling.callable.begin(), calling.callable.end(),
                                          [&](const ToolSpec & tool) { return tool.name != name; }),
                           calling.callable.end());
    if (calling.callable.empty()) throw Error(Code::Invalid, "tool_choice names no tool of this call");
    calling.forced = true;
}

Calling read_tools(const common_json & body) {
    Calling calling;
    if (set(body, "tools")) {
        const auto & tools = body.at("tools");
        if (!tools.is_array()) throw Error(Code::Invalid, "tools must be a list");
        if (tools.size() > max_tools) throw Error(Code::Invalid, "tools: more than 128");
        for (const auto & tool : tools) {
            if (tool.value("type", "") != std::string("function")) {
                throw Error(Code::Unsupported, "tools: only functions");
            }
            const auto & function = tool.at("function");
            const auto name = function.at("name").get<std::string>();
            check_tool_name(name);
            const auto parameters = common_chat_tool_parameters(function);
            check_schema(parameters, "tools: " + name);
            calling.callable.push_back({name, parameters});
        }
        calling.rendered = common_chat_tools_parse_oaicompat(tools);
    }
    read_choice(body, calling);
    if (set(body, "parallel_tool_calls")) calling.parallel = body.at("parallel_tool_calls").get<bool>();
    return calling;
}

// The grammar of a JSON answer; empty for text.
std::string response_grammar(const common_json & body) {
    if (!set(body, "response_format")) return "";
    const auto & format = body.at("response_format");
    const std::string type = format.value("type", "");
    if (type == "text") return "";
    if (type == "json_object") {
        Grammar grammar(Keywords::Refuse);
        return grammar.text(grammar.any_object());
    }
    if (type != "json_schema") throw Error(Code::Unsupported, "response_format: type " + type.substr(0, 40));
    const auto & outer = format.at("json_schema");
    if (!outer.contains("schema")) throw Error(Code::Invalid, "response_format: json_schema needs a schema");
    const auto & schema = outer.at("schema");
    check_schema(schema, "response_format");
    Grammar grammar(Keywords::Refuse);
    const std::string root = grammar.value(schema, schema);
    return grammar.text(root);
}

void add_grammar(Plan & plan, const Calling & calling, const std::string & response) {
    const CallFormat * format = plan.model->chat().calls();
    if (!calling.callable.empty()) {
        if (!calling.forced && !response.empty()) {
            throw Error(Code::Unsupported, "response_format together with tools that may or may not be called");
        }
        plan.grammar = forced_call_grammar(*format, calling.callable, calling.parallel);
        plan.expected = calling.forced ? Expected::ForcedCalls : Expected::AutoCalls;
        if (!calling.forced) plan.trigger = format->open;
    } else if (!response.empty()) {
        plan.grammar = response;
        plan.expected = Expected::Json;
    }
    if (plan.grammar.empty()) return;
    plan.grammar_sampler.reset(llama_sampler_init_grammar(plan.model->vocab(), plan.grammar.c_str(), "root"));
    if (!plan.grammar_sampler) throw Error(Code::Invalid, "the schema makes no grammar");
}

std::shared_ptr<const Plan> prepare_checked(const std::shared_ptr<const Model> & model, const std::string & chat) {
    const common_json body = parse_bounded(chat);
    if (!body.is_object()) throw Error(Code::Invalid, "the body must be an object");
    if (!model->chat().present()) {
        throw Error(Code::Unsupported, "chat: the model has no chat template, and its file names none");
    }
    const auto messages = read_messages(body);
    const Calling calling = read_tools(body);
    const bool past_calls = std::any_of(messages.begin(), messages.end(), [](const common_chat_msg & m) {
        return !m.tool_calls.empty() || m.role == "tool";
    });
    if ((!calling.rendered.empty() || past_calls) && !model->chat().calls()) {
        throw Error(Code::Unsupported, "tools: the model's chat template has none");
    }
    auto plan = std::make_shared<Plan>();
    plan->model = model;
    plan->prompt = model->chat().render(messages, calling.rendered, true);
    plan->tokens = model->tokenize(plan->prompt, true, true);
    if (plan->tokens.empty()) throw Error(Code::Invalid, "messages give an empty prompt");
    add_grammar(*plan, calling, response_grammar(body));
    return plan;
}

// The same calls, if the template writes them down again and they are read again.
bool round_trip_holds(const Plan & plan, const Verdict & verdict) {
    std::vector<std::pair<std::string, std::string>> calls;
    for (const auto & call : verdict.calls) calls.push_back({call.name, call.arguments});
    const auto & chat = plan.model->chat();
    const std::string turn = chat.turn(calling_message(calls));
    // the end of the turn is no part of the answer
    const size_t end = turn.rfind(chat.calls()->close);
    if (end == std::string::npos) return false;
    const Verdict again =
        read_answer(Expected::ForcedCalls, chat.calls(), turn.substr(0, end + chat.calls()->close.size()), false);
    if (again.kind != Verdict::Kind::Calls || again.calls.size() != verdict.calls.size()) return false;
    for (size_t i = 0; i < again.calls.size(); i++) {
        if (again.calls[i].name != verdict.calls[i].name) return false;
        const auto read = common_json::parse(verdict.calls[i].arguments);
        if (read.dump_safe() != common_json::parse(again.calls[i].arguments).dump_safe()) return false;
    }
    return true;
}

}  // namespace

std::string Plan::describe() const {
    common_json out = common_json::object();
    out["prompt"] = prompt;
    out["tokens"] = static_cast<uint64_t>(tokens.size());
    out["expected"] = wire(expected);
    out["grammar"] = grammar;
    out["trigger"] = trigger;
    return out.dump_safe();
}

std::shared_ptr<const Plan> prepare(const std::shared_ptr<const Model> & model, const std::string & chat) {
    try {
        return prepare_checked(model, chat);
    } catch (const Error &) {
        throw;
    } catch (const std::exception & e) {
        // templates and upstream's readers of messages throw runtime_error for bad input
        throw Error(Code::Invalid, e.what());
    }
}

std::string read(const Plan & plan, const std::string & text, bool cut) {
    Verdict verdict = read_answer(plan.expected, plan.model->chat().calls(), text, cut);
    if (verdict.kind == Verdict::Kind::Calls) {
        bool holds = false;
        try {
            holds = round_trip_holds(plan, verdict);
        } catch (const std::exception &) {
            holds = false;  // a call that the template cannot write is no call of its
        }
        if (!holds) {
            verdict.kind = Verdict::Kind::Unparsed;
            verdict.reason = "round_trip_differs";
        }
    }
    common_json out = common_json::object();
    out["verdict"] = wire(verdict.kind);
    out["reason"] = verdict.reason;
    out["content"] = verdict.content;
    common_json calls = common_json::array();
    if (verdict.kind == Verdict::Kind::Calls) {
        for (const auto & call : verdict.calls) {
            calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
        }
    }
    out["calls"] = calls;
    common_json values = common_json::array();
    for (const auto & span : verdict.values) {
        values.push_back(common_json::array({static_cast<uint64_t>(span.first), static_cast<uint64_t>(span.second)}));
    }
    out["values"] = values;
    return out.dump_safe();
}

}  // namespace slm
