#include "limits.h"

#include "check.h"
#include "errors.h"
#include "json_text.h"

using slm::Code;

TEST(json_may_nest_64_deep_and_no_deeper) {
    const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(slm::parse_bounded(nested(64)).is_array());
    CHECK_THROWS(slm::parse_bounded(nested(65)), Code::Invalid);
    CHECK_THROWS(slm::parse_bounded(nested(100000)), Code::Invalid);
    CHECK(!slm::nests_deeper(R"("[[[[[[")", 2));
    CHECK(!slm::nests_deeper(R"(["\"[[[["])", 2));
}

TEST(schemas_are_bounded) {
    std::string many = R"({"type":"object","properties":{)";
    for (int i = 0; i < 501; i++) many += (i ? ",\"p" : "\"p") + std::to_string(i) + "\":{}";
    CHECK_THROWS(slm::check_schema(common_json::parse(many + "}}"), "f"), Code::Invalid);
    const std::string pattern = R"({"type":"string","pattern":")" + std::string(513, 'a') + "\"}";
    CHECK_THROWS(slm::check_schema(common_json::parse(pattern), "f"), Code::Invalid);
    const std::string large = R"({"description":")" + std::string(65536, 'a') + "\"}";
    CHECK_THROWS(slm::check_schema(common_json::parse(large), "f"), Code::Invalid);
}

TEST(tool_names_are_plain) {
    slm::check_tool_name("set_light-2");
    for (const char * name : {"", "a b", "a\"b", "\xC3\xA9"})
        CHECK_THROWS((slm::check_tool_name(name), 0), Code::Invalid);
    CHECK_THROWS((slm::check_tool_name(std::string(65, 'a')), 0), Code::Invalid);
}

TEST(json_text_follows_the_standard_and_nothing_more_lenient) {
    for (const char * good : {"0", "-1.5e+3", "\"a\\u00e9\"", "[]", "{\"a\": [1, {}]}", "null"}) {
        CHECK_EQ(*slm::end_of_value(good, 0), std::string(good).size());
    }
    for (const char * bad :
         {"", "01", "-", "1.", "1e", "\"a", "\"\\x\"", "\"\n\"", "[1,]", "{\"a\"}", "{a: 1}", "nul", "+1"}) {
        const auto end = slm::end_of_value(bad, 0);
        CHECK(!end || *end != std::string(bad).size());
    }
}
