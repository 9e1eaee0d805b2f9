#include "calls.h"

#include <algorithm>

#include "grammar.h"

namespace slm {

namespace {

constexpr const char * sentinel_name = "sentinel_tool";
constexpr const char * sentinel_arguments = R"({"sentinel_field": "sentinel_value"})";

std::string trimmed(const std::string & text) {
    const char * blank = " \n\t\r";
    const size_t from = text.find_first_not_of(blank);
    if (from == std::string::npos) return "";
    return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

}  // namespace

std::optional<CallFormat> CallFormat::learn(const RenderTurn & turn, const std::string & end_of_turn) {
    std::string text;
    try {
        text = turn({{sentinel_name, sentinel_arguments}, {sentinel_name, sentinel_arguments}});
    } catch (const std::exception &) {
        return std::nullopt;  // a template without calls throws, each in its own words
    }
    const std::string name = sentinel_name;
    const std::string arguments = sentinel_arguments;
    const size_t name1 = text.find(name);
    if (name1 == std::string::npos) return std::nullopt;
    const size_t arguments1 = text.find(arguments, name1 + name.size());
    if (arguments1 == std::string::npos) return std::nullopt;
    const size_t end1 = arguments1 + arguments.size();
    const size_t name2 = text.find(name, end1);
    if (name2 == std::string::npos) return std::nullopt;
    const size_t arguments2 = text.find(arguments, name2 + name.size());
    if (arguments2 == std::string::npos) return std::nullopt;
    const size_t end2 = arguments2 + arguments.size();

    CallFormat format;
    format.before = text.substr(0, name1);
    format.middle = text.substr(name1 + name.size(), arguments1 - name1 - name.size());
    format.between = text.substr(end1, name2 - end1);
    std::string rest = text.substr(end2);
    const size_t stop = end_of_turn.empty() ? std::string::npos : rest.find(end_of_turn);
    format.after = stop == std::string::npos ? rest : rest.substr(0, stop);

    const size_t brace = format.before.find('{');
    const size_t closing = format.after.find('}');
    if (brace == std::string::npos || closing == std::string::npos) return std::nullopt;
    format.open = trimmed(format.before.substr(0, brace));
    format.close = trimmed(format.after.substr(closing + 1));
    if (format.open.empty()) return std::nullopt;
    return format;
}

std::string CallFormat::written(const std::vector<std::pair<std::string, std::string>> & calls) const {
    std::string text;
    for (const auto & [name, arguments] : calls) {
        text += (text.empty() ? before : between) + name + middle + arguments;
    }
    return text + after;
}

std::string forced_call_grammar(const CallFormat & format, const std::vector<ToolSpec> & tools, bool parallel) {
    Grammar grammar(Keywords::Loosen);
    std::string choices;
    for (const auto & tool : tools) {
        const std::string arguments = grammar.value(tool.parameters, tool.parameters);
        const std::string call = grammar.rule(literal(tool.name + format.middle) + " " + arguments);
        choices += (choices.empty() ? "" : " | ") + call;
    }
    const std::string call = grammar.rule(choices);
    std::string root = literal(format.before) + " " + call;
    if (parallel) root += " ( " + literal(format.between) + " " + call + " )*";
    return grammar.text(root + " " + literal(format.after));
}

namespace {

Verdict unparsed(const char * reason, std::string_view text) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::Unparsed;
    verdict.reason = reason;
    verdict.content = std::string(text);
    return verdict;
}

Verdict read_json(std::string_view text, bool cut) {
    Verdict verdict;
    const size_t from = skip_space(text, 0);
    const auto end = end_of_value(text, from, &verdict.values);
    if (!end) return unparsed(cut ? "cut_off" : "arguments_not_json", text);
    if (skip_space(text, *end) != text.size()) return unparsed("text_left_over", text);
    verdict.content = std::string(text);
    return verdict;
}

// Reads one call's object {"name": ..., "arguments": {...}} at `from`; the end, or a reason in `problem`.
std::optional<size_t> read_call(std::string_view text, size_t from, Verdict & verdict, const char *& problem) {
    const auto object = members_of(text, from);
    if (!object) {
        problem = "marker_without_call";
        return std::nullopt;
    }
    const auto & [members, end] = *object;
    if (members.size() != 2 || members[0].name != "name" ||
        (members[1].name != "arguments" && members[1].name != "parameters")) {
        problem = "arguments_not_json";
        return std::nullopt;
    }
    const Span name = members[0].value;
    const Span arguments = members[1].value;
    const std::string_view quoted = text.substr(name.first, name.second - name.first);
    if (quoted.size() < 3 || quoted.front() != '"' || quoted.find('\\') != std::string_view::npos ||
        text[arguments.first] != '{') {
        problem = "arguments_not_json";
        return std::nullopt;
    }
    end_of_value(text, arguments.first, &verdict.values);
    verdict.calls.push_back({std::string(quoted.substr(1, quoted.size() - 2)),
                             std::string(text.substr(arguments.first, arguments.second - arguments.first))});
    return end;
}

Verdict read_calls(const CallFormat & format, std::string_view text, size_t marker, bool cut) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::Calls;
    size_t at = marker;
    while (at < text.size()) {
        if (text.compare(at, format.open.size(), format.open) != 0) return unparsed("text_left_over", text);
        at = skip_space(text, at + format.open.size());
        const char * problem = nullptr;
        const auto end = read_call(text, at, verdict, problem);
        if (!end) return unparsed(cut ? "cut_off" : problem, text);
        at = skip_space(text, *end);
        if (text.compare(at, format.close.size(), format.close) != 0) {
            return unparsed(cut ? "cut_off" : "text_left_over", text);
        }
        at = skip_space(text, at + format.close.size());
    }
    const size_t last = text.substr(0, marker).find_last_not_of(" \n\t\r");
    if (last != std::string_view::npos) verdict.content = std::string(text.substr(0, last + 1));
    return verdict;
}

}  // namespace

Verdict read_answer(Expected expected, const CallFormat * format, std::string_view text, bool cut) {
    if (expected == Expected::Json) return read_json(text, cut);
    if (format && expected != Expected::Text) {
        const size_t marker = text.find(format->open);
        if (marker != std::string_view::npos) {
            if (expected == Expected::ForcedCalls && skip_space(text, 0) != marker)
                return unparsed("text_left_over", text);
            return read_calls(*format, text, marker, cut);
        }
        if (expected == Expected::ForcedCalls) return unparsed(cut ? "cut_off" : "marker_without_call", text);
        if (!format->close.empty() && text.find(format->close) != std::string_view::npos) {
            return unparsed("marker_without_call", text);
        }
    }
    Verdict verdict;
    verdict.content = std::string(text);
    if (!text.empty()) verdict.values.push_back({0, text.size()});
    return verdict;
}

}  // namespace slm
