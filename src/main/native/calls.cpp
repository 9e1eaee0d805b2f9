#include "calls.h"

#include <algorithm>

#include "grammar.h"
#include "text.h"

namespace slm {

namespace {

constexpr const char * sentinel_name = "sentinel_tool";
constexpr const char * sentinel_arguments = R"({"sentinel_field": "sentinel_value"})";
constexpr size_t shortest_mark = 3;  // anything shorter stands in ordinary text
constexpr size_t longest_name = 64;
constexpr size_t shortest_core = 9;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::string trimmed(const std::string & text) {
    const char * blank = " \n\t\r";
    const size_t from = text.find_first_not_of(blank);
    if (from == std::string::npos) return "";
    return text.substr(from, text.find_last_not_of(blank) - from + 1);
}

using Calls = std::vector<std::pair<std::string, std::string>>;

// Formats that number their calls, or write them otherwise when there are several, cannot be put together from pieces.
bool spells_all(const CallFormat & format, const CallFormat::RenderTurn & turn, const std::string & end_of_turn) {
    Calls calls;
    for (const char * arguments : {R"({"n": 1, "a": ["x", null, true]})", "{}", R"({"s": "\u00e9 \"q\" }"})"}) {
        calls.push_back({"tool-" + std::to_string(calls.size()), arguments});
        const std::string written = format.written(calls);
        try {
            const std::string text = turn(calls);
            const size_t end = end_of_turn.empty() ? std::string::npos : text.rfind(end_of_turn);
            const Verdict one = read_answer({Expected::ForcedCalls, &format, {}, true}, written, false);
            const Verdict other = read_answer({Expected::ForcedCalls, &format, {}, true}, text.substr(0, end), false);
            if (one.calls.size() != calls.size() || other.calls.size() != calls.size()) return false;
            for (size_t i = 0; i < calls.size(); i++) {
                if (one.calls[i].name != calls[i].first || other.calls[i].name != calls[i].first) return false;
                const auto value = common_json::parse(calls[i].second).dump_safe();
                if (common_json::parse(other.calls[i].arguments).dump_safe() != value) return false;
            }
        } catch (const std::exception &) {
            return false;
        }
    }
    return true;
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
    format.open = trimmed(format.before.substr(0, brace));
    format.close = trimmed(closing == std::string::npos ? format.after : format.after.substr(closing + 1));
    if (format.open.size() < shortest_mark) return std::nullopt;
    return spells_all(format, turn, end_of_turn) ? std::optional<CallFormat>(format) : std::nullopt;
}

std::string_view CallFormat::opening() const {
    return std::string_view(before).substr(skip_space(before, 0));
}

std::string CallFormat::written(const std::vector<std::pair<std::string, std::string>> & calls) const {
    std::string text;
    for (const auto & [name, arguments] : calls) {
        text += (text.empty() ? before : between) + name + middle + arguments;
    }
    return text + after;
}

std::string forced_call_grammar(const CallFormat & format, const std::vector<ToolSpec> & tools, bool parallel,
                                bool from_mark) {
    Grammar grammar(Keywords::Loosen);
    std::string choices;
    for (const auto & tool : tools) {
        const std::string arguments = grammar.value(tool.parameters, tool.parameters);
        const std::string call = grammar.rule(literal(tool.name + format.middle) + " " + arguments);
        choices += (choices.empty() ? "" : " | ") + call;
    }
    const std::string call = grammar.rule(choices);
    const std::string begin = from_mark ? std::string(format.opening()) : format.before;
    std::string root = literal(begin) + " " + call;
    if (parallel) root += " ( " + literal(format.between) + " " + call + " )*";
    return grammar.text(root + " " + literal(format.after));
}

Verdict unparsed(const char * reason, std::string_view text) {
    Verdict verdict;
    verdict.kind = Verdict::Kind::Unparsed;
    verdict.reason = reason;
    verdict.content = std::string(text);
    return verdict;
}

namespace {

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

bool is_blank_from(std::string_view text, size_t from) {
    return skip_space(text, from) == text.size();
}

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// A value that JSON can hold but that came from bytes which are no text.
bool is_broken(std::string_view text) {
    return contains(text, replacement);
}

Verdict read_json(const Reading & reading, std::string_view text, bool cut) {
    Verdict verdict;
    bool ran_out = false;
    const size_t from = skip_space(text, 0);
    const auto end = end_of_value(text, from, &verdict.values, &ran_out);
    if (!end) return unparsed(ran_out || cut ? "cut_off" : "arguments_not_json", text);
    if (!is_blank_from(text, *end)) return unparsed("text_left_over", text);
    // a number may have gone on
    const char last = text[*end - 1];
    if (cut && (!reading.complete_when_read || (last >= '0' && last <= '9'))) return unparsed("cut_off", text);
    if (is_broken(text)) return unparsed("arguments_not_json", text);
    verdict.content = std::string(text);
    return verdict;
}

enum class Fit { Whole, Begins, Differs };

// Whether `piece` stands at `at`, or the text ends within it.
Fit fit(std::string_view text, size_t at, std::string_view piece) {
    const std::string_view there = text.substr(at, piece.size());
    if (there == piece) return Fit::Whole;
    return piece.substr(0, there.size()) == there ? Fit::Begins : Fit::Differs;
}

// Reads calls piece by piece from the opening mark on.
class CallReader {
  public:
    CallReader(const CallFormat & format, std::string_view text, size_t marker)
        : format_(format), text_(text), at_(marker), after_(format.after) {
        while (!after_.empty() && skip_space(after_, after_.size() - 1) == after_.size()) after_.remove_suffix(1);
    }

    // Null if all was read; else why not.
    const char * read(Verdict & verdict) {
        const char * problem = piece(format_.opening(), "marker_without_call");
        while (!problem) {
            problem = call(verdict);
            if (problem) break;
            const Fit next = fit(text_, at_, format_.between);
            if (next == Fit::Whole) {
                at_ += format_.between.size();
                continue;
            }
            const Fit last = fit(text_, at_, after_);
            if (last == Fit::Whole && is_blank_from(text_, at_ + after_.size())) return nullptr;
            problem = last == Fit::Begins || next == Fit::Begins ? "cut_off" : "text_left_over";
        }
        return problem;
    }

  private:
    const char * piece(std::string_view expected, const char * otherwise) {
        const Fit there = fit(text_, at_, expected);
        at_ += expected.size();
        return there == Fit::Whole ? nullptr : there == Fit::Begins ? "cut_off" : otherwise;
    }

    const char * call(Verdict & verdict) {
        const size_t name = at_;
        while (at_ < text_.size() && is_word(text_[at_])) at_++;
        const size_t length = at_ - name;
        if (at_ == text_.size()) return "cut_off";
        if (length == 0 || length > longest_name) return "marker_without_call";
        if (const char * problem = piece(format_.middle, "marker_without_call")) return problem;
        const size_t from = at_;
        if (from >= text_.size()) return "cut_off";
        if (text_[from] != '{') return "arguments_not_json";
        bool ran_out = false;
        const size_t known = verdict.values.size();
        const auto end = end_of_value(text_, from, &verdict.values, &ran_out);
        if (!end) return ran_out ? "cut_off" : "arguments_not_json";
        if (is_broken(text_.substr(from, *end - from))) return "arguments_not_json";
        // the choice of the tool is then all that was decided
        if (verdict.values.size() == known) verdict.values.push_back({name, name + length});
        verdict.calls.push_back(
            {std::string(text_.substr(name, length)), std::string(text_.substr(from, *end - from))});
        at_ = *end;
        return nullptr;
    }

    const CallFormat & format_;
    std::string_view text_;
    size_t at_;
    std::string_view after_;
};

// The longest word of a mark, as tool_call in <tool_call>; empty if it is too short to mean only that.
std::string_view core_of(std::string_view mark) {
    std::string_view core;
    for (size_t i = 0; i < mark.size();) {
        size_t end = i;
        while (end < mark.size() && is_word(mark[end])) end++;
        if (end - i > core.size()) core = mark.substr(i, end - i);
        i = std::max(end, i + 1);
    }
    return core.size() >= shortest_core ? core : std::string_view();
}

// Whether a text that opens no call reads as if one was meant: parts of the marks, or a tool's name as a call has it.
bool smells_of_call(const Reading & reading, std::string_view text) {
    const CallFormat & format = *reading.format;
    if (contains(text, format.open) || (!format.close.empty() && contains(text, format.close))) return true;
    const auto core = core_of(format.open);
    if (!core.empty() && contains(text, core)) return true;
    const bool has_arguments = contains(text, "\"arguments\"") || contains(text, "\"parameters\"");
    for (const auto & name : reading.names) {
        for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
            const char before = at > 0 ? text[at - 1] : ' ';
            const size_t end = at + name.size();
            const char after = end < text.size() ? text[end] : ' ';
            if (is_word(before) || is_word(after)) continue;
            if (after == '(' || after == '{' || (has_arguments && before == '"' && after == '"')) return true;
        }
    }
    return false;
}

// Whether the text ends in the beginning of the opening mark; a single character proves nothing unless it was cut
// there.
bool ends_in_mark(std::string_view text, std::string_view mark, bool cut) {
    for (size_t n = std::min(text.size(), mark.size() - 1); n >= (cut ? 1 : shortest_mark); n--) {
        if (text.substr(text.size() - n) == mark.substr(0, n)) return true;
    }
    return false;
}

Verdict plain(std::string_view text) {
    Verdict verdict;
    verdict.content = std::string(text);
    if (!text.empty()) verdict.values.push_back({0, text.size()});
    return verdict;
}

Verdict read_calls(const Reading & reading, std::string_view text, bool cut) {
    const bool forced = reading.expected == Expected::ForcedCalls;
    const size_t marker = text.find(reading.format->open);
    if (marker == std::string_view::npos) {
        if (forced)
            return unparsed(cut || ends_in_mark(text, reading.format->open, true) ? "cut_off" : "marker_without_call",
                            text);
        if (ends_in_mark(text, reading.format->open, cut)) return unparsed("cut_off", text);
        return smells_of_call(reading, text) ? unparsed("marker_without_call", text) : plain(text);
    }
    if (forced && skip_space(text, 0) != marker) return unparsed("text_left_over", text);
    if (smells_of_call(reading, text.substr(0, marker))) return unparsed("marker_without_call", text);
    Verdict verdict;
    verdict.kind = Verdict::Kind::Calls;
    const char * problem = CallReader(*reading.format, text, marker).read(verdict);
    // another call may have been meant to follow
    if (!problem && cut && !reading.complete_when_read) problem = "cut_off";
    if (problem) return unparsed(problem, text);
    const size_t last = text.substr(0, marker).find_last_not_of(" \n\t\r");
    if (last != std::string_view::npos) verdict.content = std::string(text.substr(0, last + 1));
    return verdict;
}

}  // namespace

Verdict read_answer(const Reading & reading, std::string_view text, bool cut) {
    if (!is_utf8(text)) return unparsed("parser_error", text);
    switch (reading.expected) {
        case Expected::Json:
            return read_json(reading, text, cut);
        case Expected::AutoCalls:
        case Expected::ForcedCalls:
            return read_calls(reading, text, cut);
        case Expected::Text:
            return plain(text);
    }
    return unparsed("parser_error", text);
}

}  // namespace slm
