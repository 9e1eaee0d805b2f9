#include "grammar.h"

#include "calls.h"
#include "check.h"
#include "errors.h"

using slm::Code;
using slm::Grammar;
using slm::Keywords;

namespace {

std::string grammar_of(const char * schema, Keywords keywords = Keywords::Refuse) {
    const auto json = common_json::parse(schema);
    Grammar grammar(keywords);
    const std::string root = grammar.value(json, json);
    return grammar.text(root);
}

bool has(const std::string & text, const std::string & part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST(members_keep_their_order_and_the_one_spelling) {
    const auto text = grammar_of(R"({"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"}},
        "required":["a","b"]})");
    CHECK(has(text, R"("\"b\": " string)"));
    CHECK(has(text, R"(", \"a\": " integer)"));
}

TEST(many_optional_members_do_not_double_the_grammar) {
    std::string schema = R"({"type":"object","properties":{)";
    for (int i = 0; i < 60; i++) {
        schema += (i ? "," : "") + std::string("\"p") + std::to_string(i) + R"(":{"type":"boolean"})";
    }
    const auto text = grammar_of((schema + "}}").c_str());
    CHECK(text.size() < 20000);
}

TEST(enum_values_are_spelled_as_json_dumps_writes_them) {
    const auto text = grammar_of(R"({"enum":["a\"b",1,null,{"x":[1,2]}]})");
    CHECK(has(text, R"("\"a\\\"b\"" | "1" | "null" | "{\"x\": [1, 2]}")"));
}

TEST(bounds_become_repetitions) {
    CHECK(has(grammar_of(R"({"type":"string","maxLength":3})"), R"(character{0,3})"));
    CHECK(has(grammar_of(R"({"type":"array","items":{"type":"null"},"minItems":2,"maxItems":4})"),
              R"(null ( ", " null ){1,3})"));
    CHECK(has(grammar_of(R"({"type":"array","items":{"type":"null"},"maxItems":0})"), R"("[]")"));
    CHECK_THROWS(grammar_of(R"({"type":"string","maxLength":2001})"), Code::Invalid);
}

TEST(patterns_and_integer_bounds_come_without_white_space) {
    const auto text = grammar_of(R"({"type":"object","properties":{"id":{"type":"string","pattern":"^[a-c]{2}x$"},
        "n":{"type":"integer","minimum":3,"maximum":12}},"required":["id","n"]})");
    CHECK(!has(text, "space"));
    CHECK(has(text, "[a-c]"));
    CHECK(has(text, "[3-9]"));
}

TEST(a_pattern_that_cannot_be_held_is_refused) {
    CHECK_THROWS(grammar_of(R"({"type":"string","pattern":"^(?=x)x$"})"), Code::Unsupported);
    CHECK_THROWS(grammar_of(R"({"type":"string","pattern":"unanchored"})"), Code::Unsupported);
    CHECK_THROWS(grammar_of(R"({"type":"string","pattern":"^a{2,5000}$"})"), Code::Invalid);
    CHECK_THROWS(grammar_of(R"({"type":"string","pattern":"^((($"})"), Code::Invalid);
}

TEST(a_pattern_that_would_hold_up_everyone_is_refused) {
    const auto pattern = [](const std::string & expression) {
        return R"({"type":"string","pattern":"^)" + expression + R"($"})";
    };
    for (const char * dear : {"(a?){0,900}", "(a|b*){30}", "((a{1,9}){1,9}){1,9}", "(a{1,50}){1,40}"}) {
        CHECK_THROWS(grammar_of(pattern(dear).c_str()), Code::Unsupported);
        CHECK(has(grammar_of(pattern(dear).c_str(), Keywords::Loosen), "root ::= string"));
    }
    std::string many;
    for (int i = 0; i < 40; i++) many += "a?";
    CHECK_THROWS(grammar_of(pattern(many).c_str()), Code::Unsupported);
    for (const char * fair : {"([0-9]{1,3}[.]){3}[0-9]{1,3}", "[A-Z]{2}-[0-9]{1,5}", "(a+)+", "a{0,900}", "(ab?){3}"}) {
        CHECK(has(grammar_of(pattern(fair).c_str()), "root ::= x"));
    }
}

TEST(repetitions_are_bounded_in_all) {
    std::string schema = R"({"type":"object","properties":{)";
    for (int i = 0; i < 60; i++) {
        schema += (i ? ",\"p" : "\"p") + std::to_string(i) + R"(":{"type":"string","maxLength":2000})";
    }
    CHECK_THROWS(grammar_of((schema + "}}").c_str()), Code::Invalid);
}

TEST(a_schema_may_contain_itself) {
    const auto text = grammar_of(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object",
        "properties":{"next":{"$ref":"#/$defs/node"},"v":{"type":"integer"}},"required":["v"]}}})");
    CHECK(has(text, R"("\"next\": " r0)"));
    CHECK_THROWS(grammar_of(R"({"$ref":"#/nowhere"})"), Code::Invalid);
    CHECK_THROWS(grammar_of(R"({"$ref":"#"})"), Code::Invalid);
}

TEST(what_a_grammar_cannot_hold_is_refused_or_left_to_the_check) {
    const char * schema = R"({"type":"object","patternProperties":{"^x":{"type":"string"}}})";
    CHECK_THROWS(grammar_of(schema, Keywords::Refuse), Code::Unsupported);
    CHECK(has(grammar_of(schema, Keywords::Loosen), "any-object"));
    CHECK_THROWS(grammar_of(R"({"type":"strange"})"), Code::Invalid);
    CHECK_THROWS(grammar_of("false"), Code::Invalid);
}

TEST(a_forced_call_has_nothing_before_it_and_one_alternative_per_tool) {
    slm::CallFormat format{"<tool_call>\n{\"name\": \"",
                           "\", \"arguments\": ",
                           "}\n</tool_call>",
                           "}\n</tool_call>\n<tool_call>\n{\"name\": \"",
                           "<tool_call>",
                           "</tool_call>"};
    const auto empty = common_json::parse(R"({"type":"object","properties":{}})");
    const auto one = slm::forced_call_grammar(format, {{"alpha", empty}, {"beta", empty}}, false);
    CHECK(one.rfind(R"(root ::= "<tool_call>\n{\"name\": \"" r2 "}\n</tool_call>")", 0) == 0);
    CHECK(has(one, R"("alpha\", \"arguments\": ")"));
    CHECK(has(one, R"("beta\", \"arguments\": ")"));
    CHECK(!has(one, ")*"));
    CHECK(has(slm::forced_call_grammar(format, {{"alpha", empty}}, true),
              R"(</tool_call>\n<tool_call>\n{\"name\": \"" r1 )*)"));
}
