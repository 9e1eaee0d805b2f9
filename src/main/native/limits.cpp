#include "limits.h"

#include <algorithm>

#include "errors.h"
#include "json_text.h"

namespace slm {

namespace {

constexpr size_t max_properties = 500;
constexpr size_t max_enum_values = 500;
constexpr size_t max_pattern_bytes = 512;

struct Count {
    size_t properties = 0;
    size_t values = 0;
};

void count(const common_json & node, Count & sum, const std::string & field) {
    if (node.is_array()) {
        for (const auto & item : node) count(item, sum, field);
        return;
    }
    if (!node.is_object()) return;
    for (const auto & [key, value] : node.items()) {
        if (key == "properties" && value.is_object()) sum.properties += value.size();
        if (key == "enum" && value.is_array()) sum.values += value.size();
        if (key == "pattern" && value.is_string() && value.get<std::string>().size() > max_pattern_bytes) {
            throw Error(Code::Invalid, field + ": pattern over 512 bytes");
        }
        count(value, sum, field);
    }
}

}  // namespace

common_json parse_bounded(const std::string & text) {
    if (text.size() > max_chat_bytes) throw Error(Code::Invalid, "body over 4 MiB");
    if (nests_deeper(text, max_nesting)) throw Error(Code::Invalid, "JSON nested deeper than 64");
    return common_json::parse(text);
}

void check_schema(const common_json & schema, const std::string & field) {
    if (schema.dump_safe().size() > max_schema_bytes) throw Error(Code::Invalid, field + ": schema over 64 KiB");
    Count sum;
    count(schema, sum, field);
    if (sum.properties > max_properties) throw Error(Code::Invalid, field + ": more than 500 properties");
    if (sum.values > max_enum_values) throw Error(Code::Invalid, field + ": more than 500 enum values");
}

void check_grammar(const std::string & grammar) {
    if (grammar.size() > max_grammar_bytes) throw Error(Code::Invalid, "the schemas make a grammar over 64 KiB");
}

void check_tool_name(const std::string & name) {
    const bool fits = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    if (!fits) throw Error(Code::Invalid, "tools: a name is 1 to 64 letters, digits, _ and -");
}

}  // namespace slm
