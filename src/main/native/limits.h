// Bounds of what comes in: beyond them upstream's code aborts, recurses or takes seconds. Java checks the same before.
#pragma once

#include <string>

#include "json.h"

namespace slm {

constexpr size_t max_chat_bytes = 4u << 20;
constexpr size_t max_schema_bytes = 64u << 10;
constexpr size_t max_grammar_bytes = 64u << 10;
constexpr size_t max_tools = 128;
constexpr size_t max_stops = 16;
constexpr size_t max_stop_bytes = 256;
constexpr size_t max_biases = 300;

// JSON that is small and flat enough; throws Error(Invalid).
common_json parse_bounded(const std::string & text);

// Throws Error(Invalid) for a schema that is too large, has too many properties or enum values, or a pattern over 512
// bytes.
void check_schema(const common_json & schema, const std::string & field);

// Throws Error(Invalid) for GBNF that is too large to be parsed in good time.
void check_grammar(const std::string & grammar);

// Throws Error(Invalid) unless the name is of 1 to 64 letters, digits, _ and -.
void check_tool_name(const std::string & name);

}  // namespace slm
