#include "calls.h"

#include <stdexcept>

#include "check.h"

using slm::CallFormat;
using slm::Expected;
using slm::read_answer;
using slm::Verdict;

namespace {

// A template in the manner of ChatML with tools.
std::string chatml_turn(const std::vector<std::pair<std::string, std::string>> & calls) {
    std::string text;
    for (const auto & [name, arguments] : calls) {
        text += (text.empty() ? "" : "\n") + ("<tool_call>\n{\"name\": \"" + name) + "\", \"arguments\": " + arguments +
                "}\n</tool_call>";
    }
    return text + "<|im_end|>\n";
}

CallFormat format() {
    return *CallFormat::learn(chatml_turn, "<|im_end|>\n");
}

Verdict read(Expected expected, const std::string & text, bool cut = false) {
    static const CallFormat the_format = format();
    const bool complete = expected == Expected::Json;
    return read_answer({expected, &the_format, {"set_light", "f"}, complete}, text, cut);
}

void check_unparsed(Expected expected, const std::string & text, const char * reason, bool cut = false) {
    const auto verdict = read(expected, text, cut);
    CHECK(verdict.kind == Verdict::Kind::Unparsed);
    CHECK_EQ(verdict.reason, std::string(reason));
    CHECK(verdict.calls.empty());
    CHECK_EQ(verdict.content, text);  // the raw text is never lost
}

}  // namespace

TEST(a_format_is_learned_from_sentinel_calls) {
    const auto learned = format();
    CHECK_EQ(learned.before, std::string("<tool_call>\n{\"name\": \""));
    CHECK_EQ(learned.middle, std::string("\", \"arguments\": "));
    CHECK_EQ(learned.after, std::string("}\n</tool_call>"));
    CHECK_EQ(learned.between, std::string("}\n</tool_call>\n<tool_call>\n{\"name\": \""));
    CHECK_EQ(learned.open, std::string("<tool_call>"));
    CHECK_EQ(learned.close, std::string("</tool_call>"));
}

TEST(a_template_without_calls_has_no_format) {
    CHECK(!CallFormat::learn([](const auto &) { return std::string("nothing<|im_end|>"); }, "<|im_end|>"));
    CHECK(!CallFormat::learn([](const auto &) -> std::string { throw std::runtime_error("no tools"); }, "x"));
}

TEST(what_the_template_writes_is_read_again) {
    const std::vector<std::pair<std::string, std::string>> calls = {{"a", R"({"x": "<tool_call>"})"}, {"b", "{}"}};
    const auto verdict = read(Expected::ForcedCalls, format().written(calls));
    CHECK(verdict.kind == Verdict::Kind::Calls);
    CHECK_EQ(verdict.calls.size(), size_t{2});
    CHECK_EQ(verdict.calls[0].arguments, calls[0].second);
    CHECK_EQ(verdict.calls[1].name, std::string("b"));
}

TEST(the_values_of_arguments_are_found_and_nothing_else) {
    const std::string text =
        "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"xy\", \"b\": [1, true]}}\n</tool_call>";
    const auto verdict = read(Expected::ForcedCalls, text);
    std::vector<std::string> values;
    for (const auto & [from, to] : verdict.values) values.push_back(text.substr(from, to - from));
    CHECK_EQ(values.size(), size_t{3});
    CHECK_EQ(values[0], std::string("xy"));
    CHECK_EQ(values[1], std::string("1"));
    CHECK_EQ(values[2], std::string("true"));
}

TEST(text_before_a_call_is_content_where_calls_are_free) {
    const auto verdict =
        read(Expected::AutoCalls, "I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>");
    CHECK(verdict.kind == Verdict::Kind::Calls);
    CHECK_EQ(verdict.content, std::string("I look."));
    CHECK(read(Expected::AutoCalls, "No tool is needed.").kind == Verdict::Kind::Text);
}

TEST(a_doubt_is_never_a_call) {
    const std::string good = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>";
    for (size_t n = 1; n < good.size(); n++) {
        const auto verdict = read(Expected::ForcedCalls, good.substr(0, n), true);
        CHECK(verdict.kind == Verdict::Kind::Unparsed);
        CHECK_EQ(verdict.reason, std::string("cut_off"));
    }
    check_unparsed(Expected::ForcedCalls, "Sure! " + good, "text_left_over");
    check_unparsed(Expected::ForcedCalls, good + " done", "text_left_over");
    check_unparsed(Expected::ForcedCalls, good + good, "text_left_over");
    check_unparsed(Expected::ForcedCalls, "no call at all", "marker_without_call");
    check_unparsed(Expected::ForcedCalls, "", "marker_without_call");
}

TEST(every_kind_of_break_has_its_reason) {
    const std::string head = "<tool_call>\n{\"name\": \"";
    const auto call = [&](const std::string & arguments) {
        return head + "f\", \"arguments\": " + arguments + "}\n</tool_call>";
    };
    struct Broken {
        std::string text;
        const char * reason;
    };
    const std::vector<Broken> all = {
        {"<tool_call>\n</tool_call>", "marker_without_call"},
        {"<tool_call> is how I call.", "marker_without_call"},
        {"<tool_call>\n{'name': 'f'}\n</tool_call>", "marker_without_call"},
        {"<tool_call>\n{\"name\": 3, \"arguments\": {}}\n</tool_call>", "marker_without_call"},
        {"<tool_call>\n{\"arguments\": {}, \"name\": \"f\"}\n</tool_call>", "marker_without_call"},
        {"<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>", "marker_without_call"},
        {head + "\", \"arguments\": {}}\n</tool_call>", "marker_without_call"},
        {head + "f g\", \"arguments\": {}}\n</tool_call>", "marker_without_call"},
        {head + "f\"}\n</tool_call>", "marker_without_call"},
        {head + "f\", \"parameters\": {}}\n</tool_call>", "marker_without_call"},
        {head + std::string(65, 'f') + "\", \"arguments\": {}}\n</tool_call>", "marker_without_call"},
        {"{\"name\": \"f\", \"arguments\": {}}", "marker_without_call"},
        {"{\"name\": \"f\", \"arguments\": {}}\n</tool_call>", "marker_without_call"},
        {"</tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n<tool_call>", "marker_without_call"},
        {"<toolcall>\n{\"name\": \"f\", \"arguments\": {}}\n</toolcall>", "marker_without_call"},
        {"<|tool_call|>\n{\"f\": {}}", "marker_without_call"},
        {"set_light(room=\"hall\")", "marker_without_call"},
        {"Sure: f{} " + call("{}"), "marker_without_call"},
        {call("3"), "arguments_not_json"},
        {call("\"{}\""), "arguments_not_json"},
        {call("{\"a\": 1,}"), "arguments_not_json"},
        {call("{a: 1}"), "arguments_not_json"},
        {call("{\"a\": 01}"), "arguments_not_json"},
        {call("{\"a\": 1, \"a\": 2}"), "arguments_not_json"},
        {call("{\"a\": 1, \"\\u0061\": 2}"), "arguments_not_json"},
        {call("{\"a\": \"\\ud800\"}"), "arguments_not_json"},
        {call("{\"a\": \"\xEF\xBF\xBD\"}"), "arguments_not_json"},
        {call("{\"a\": " + std::string(70, '[') + std::string(70, ']') + "}"), "arguments_not_json"},
        {head + "f\", \"arguments\": {}, \"x\": 1}\n</tool_call>", "text_left_over"},
        {head + "f\", \"arguments\": {}}}\n</tool_call>", "text_left_over"},
        {call("{}") + "\nDone.", "text_left_over"},
        {call("{}") + "\n\n" + call("{}"), "text_left_over"},
        {call("{}") + "\n<tool_c", "cut_off"},
        {"Let me see. <tool_ca", "cut_off"},
        {head + "f\", \"arguments\": {\"a\": \"x", "cut_off"},
        {head + "f\", \"arguments\": {\"a\": \"x\\u00", "cut_off"},
        {call("{\"a\": \"\xC3\x28\"}"), "parser_error"},
    };
    CHECK(all.size() >= 30);
    for (const auto & [text, reason] : all) check_unparsed(Expected::AutoCalls, text, reason);
}

TEST(an_answer_at_its_token_limit_may_have_gone_on) {
    const std::string good = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>";
    check_unparsed(Expected::AutoCalls, good, "cut_off", true);
    check_unparsed(Expected::AutoCalls, "Text <", "cut_off", true);
    CHECK(read(Expected::AutoCalls, "Text <").kind == Verdict::Kind::Text);
    const CallFormat learned = format();
    CHECK(read_answer({Expected::ForcedCalls, &learned, {"f"}, true}, good, true).kind == Verdict::Kind::Calls);
    check_unparsed(Expected::Json, "12", "cut_off", true);
    CHECK(read(Expected::Json, "{\"a\": 12}", true).kind == Verdict::Kind::Text);
}

TEST(a_call_without_values_is_known_by_its_name) {
    const std::string text = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>";
    const auto verdict = read(Expected::ForcedCalls, text);
    CHECK_EQ(verdict.values.size(), size_t{1});
    CHECK_EQ(text.substr(verdict.values[0].first, verdict.values[0].second - verdict.values[0].first),
             std::string("f"));
}

TEST(formats_of_other_shapes_are_learned_too) {
    const auto list = [](const auto & calls) {
        std::string text = "<calls>[";
        for (const auto & [name, arguments] : calls) {
            text += (text.size() > 8 ? ", {\"" : "{\"") + name + "\": " + arguments + "}";
        }
        return text + "]</calls><end>";
    };
    const auto learned = CallFormat::learn(list, "<end>");
    CHECK(learned.has_value());
    CHECK_EQ(learned->open, std::string("<calls>["));
    const auto two = read_answer({Expected::AutoCalls, &*learned, {}, false},
                                 R"(<calls>[{"a": {"x": 1}}, {"b": {}}]</calls>)", false);
    CHECK_EQ(two.calls.size(), size_t{2});
    const auto numbered = [](const auto & calls) {
        std::string text;
        for (size_t i = 0; i < calls.size(); i++) {
            text += "<call:" + std::to_string(i) + ">" + calls[i].first + calls[i].second + "</call>";
        }
        return text;
    };
    CHECK(!CallFormat::learn(numbered, ""));
}

TEST(json_is_one_value_and_nothing_else) {
    const auto verdict = read(Expected::Json, R"({"a": "x", "b": null})");
    CHECK(verdict.kind == Verdict::Kind::Text);
    CHECK_EQ(verdict.values.size(), size_t{2});
    check_unparsed(Expected::Json, R"({"a": )", "cut_off", true);
    check_unparsed(Expected::Json, R"({"a": 1)", "cut_off");
    check_unparsed(Expected::Json, R"({"a": 1} and more)", "text_left_over");
    check_unparsed(Expected::Json, R"({"a": 01})", "arguments_not_json");
    check_unparsed(Expected::Json, R"({"a": 1, "a": 1})", "arguments_not_json");
    check_unparsed(Expected::Json, "Sure!", "arguments_not_json");
    check_unparsed(Expected::Json, "", "cut_off");
}

TEST(all_of_a_text_carries_the_answer) {
    const auto verdict = read(Expected::Text, "<tool_call> is a marker");
    CHECK(verdict.kind == Verdict::Kind::Text);
    CHECK_EQ(verdict.values.size(), size_t{1});
    CHECK(read(Expected::Text, "").values.empty());
}
