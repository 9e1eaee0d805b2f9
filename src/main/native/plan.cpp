#include "plan.h"

#include <algorithm>

#include "errors.h"
#include "grammar.h"
#include "limits.h"
#include "messages.h"
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
    plan.reading.format = format;
    if (!calling.callable.empty()) {
        if (!calling.forced && !response.empty()) {
            throw Error(Code::Unsupported, "response_format together with tools that may or may not be called");
        }
        plan.grammar = forced_call_grammar(*format, calling.callable, calling.parallel, !calling.forced);
        plan.reading.expected = calling.forced ? Expected::ForcedCalls : Expected::AutoCalls;
        plan.reading.complete_when_read = calling.forced && !calling.parallel;
        for (const auto & tool : calling.callable) plan.reading.names.push_back(tool.name);
        if (!calling.forced) plan.trigger = format->open;
    } else if (!response.empty()) {
        plan.grammar = response;
        plan.reading.expected = Expected::Json;
        plan.reading.complete_when_read = true;
    }
    if (plan.grammar.empty()) return;
    check_grammar(plan.grammar);
    plan.grammar_sampler.reset(llama_sampler_init_grammar(plan.model->vocab(), plan.grammar.c_str(), "root"));
    if (!plan.grammar_sampler) throw Error(Code::Invalid, "the schema makes no grammar");
}

// The prompt. Templates raise errors of their own for what they were not written for.
std::string rendered(const ChatTemplate & chat, const std::vector<common_chat_msg> & messages,
                     const std::vector<common_chat_tool> & tools) {
    std::string prompt;
    try {
        prompt = chat.render(messages, tools, true);
    } catch (const std::exception & e) {
        throw Error(Code::Unsupported, std::string("messages: the model's chat template refuses them: ") + e.what());
    }
    require_all_shown(messages, tools, prompt);
    return prompt;
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
    plan->prompt = rendered(model->chat(), messages, calling.rendered);
    plan->tools = calling.rendered;
    plan->tokens = model->tokenize(plan->prompt, true, true);
    if (plan->tokens.empty()) throw Error(Code::Invalid, "messages give an empty prompt");
    add_grammar(*plan, calling, response_grammar(body));
    return plan;
}

using Calls = std::vector<std::pair<std::string, std::string>>;

bool same(const std::vector<ReadCall> & read, const Calls & other) {
    if (read.size() != other.size()) return false;
    for (size_t i = 0; i < read.size(); i++) {
        if (read[i].name != other[i].first) return false;
        const auto arguments = common_json::parse(read[i].arguments).dump_safe();
        if (common_json::parse(other[i].second).dump_safe() != arguments) return false;
    }
    return true;
}

// What the template makes of the calls, read again.
bool round_trip_holds(const Plan & plan, const Verdict & verdict) {
    Calls calls;
    for (const auto & call : verdict.calls) calls.push_back({call.name, call.arguments});
    Reading reading = plan.reading;
    reading.expected = Expected::ForcedCalls;
    const Verdict again = read_answer(reading, plan.model->chat().written(calls), false);
    Calls read;
    for (const auto & call : again.calls) read.push_back({call.name, call.arguments});
    return again.kind == Verdict::Kind::Calls && same(verdict.calls, read);
}

// Whether upstream's parser finds the same calls, or as few.
bool upstream_agrees(const Plan & plan, const Verdict & verdict, const std::string & text) {
    try {
        return same(verdict.calls, plan.model->chat().found_by_upstream(plan.tools, text));
    } catch (const std::exception &) {
        return false;  // it is no answer in its eyes
    }
}

// Two more opinions on an answer in which calls were possible.
const char * doubt_about(const Plan & plan, const Verdict & verdict, const std::string & text) {
    if (verdict.kind == Verdict::Kind::Unparsed) return nullptr;
    if (plan.reading.expected != Expected::AutoCalls && plan.reading.expected != Expected::ForcedCalls) return nullptr;
    if (verdict.kind == Verdict::Kind::Calls) {
        bool holds = false;
        try {
            holds = round_trip_holds(plan, verdict);
        } catch (const std::exception &) {
            holds = false;  // a call that the template cannot write is no call of its
        }
        if (!holds) return "round_trip_differs";
    }
    return upstream_agrees(plan, verdict, text) ? nullptr : "parsers_disagree";
}

Verdict read_and_doubt(const Plan & plan, const std::string & text, bool cut) {
    try {
        const Verdict verdict = read_answer(plan.reading, text, cut);
        const char * doubt = doubt_about(plan, verdict, text);
        return doubt ? unparsed(doubt, text) : verdict;
    } catch (const std::exception &) {
        return unparsed("parser_error", text);
    }
}

}  // namespace

std::string Plan::describe() const {
    common_json out = common_json::object();
    out["prompt"] = prompt;
    out["tokens"] = static_cast<uint64_t>(tokens.size());
    out["expected"] = wire(reading.expected);
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
    const Verdict verdict = read_and_doubt(plan, text, cut);
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
