// Tool calls as a template writes them: the grammar that forces one, and the strict reading of an answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json.h"
#include "json_text.h"

namespace slm {

// One function that may be called.
struct ToolSpec {
    std::string name;
    common_json parameters;
};

// How a template spells calls: before NAME middle ARGUMENTS after, and between two calls of one turn.
// Learned by rendering sentinel calls; only formats whose arguments are JSON can be learned.
struct CallFormat {
    std::string before;
    std::string middle;
    std::string after;
    std::string between;  // from the end of one call's arguments to the name of the next

    // What opens and closes a call: `before` and `after` without the braces and the name's key.
    std::string open;
    std::string close;

    // Learns the format. `turn` renders what the template writes for an assistant's turn with these calls (name,
    // arguments), from the end of the generation prompt to the end of the turn, and throws if it cannot. Nothing if
    // calls do not show, are not JSON, or one, two and three of them are not spelled by the same pieces.
    using RenderTurn = std::function<std::string(const std::vector<std::pair<std::string, std::string>> & calls)>;
    static std::optional<CallFormat> learn(const RenderTurn & turn, const std::string & end_of_turn);

    // The turn's text for these calls, as the model should have written it.
    std::string written(const std::vector<std::pair<std::string, std::string>> & calls) const;

    // `before` as it stands where the opening mark is what begins the call.
    std::string_view opening() const;
};

// GBNF of one call, or of one and more: nothing before, nothing after, arguments by each tool's schema in the one
// spelling. `from_mark`: the text begins at the opening mark, without the blanks that the template writes before it.
std::string forced_call_grammar(const CallFormat & format, const std::vector<ToolSpec> & tools, bool parallel,
                                bool from_mark = false);

// A call as read from an answer.
struct ReadCall {
    std::string name;
    std::string arguments;  // JSON text, byte for byte from the answer
};

// The reading of a whole answer.
struct Verdict {
    enum class Kind { Text, Calls, Unparsed };

    Kind kind = Kind::Text;
    std::string reason;   // of Unparsed
    std::string content;  // text of the answer; of Calls what stood before the first call; of Unparsed everything
    std::vector<ReadCall> calls;
    // The bytes that carry the answer: argument values (the names of calls that have none), JSON fields; all of a text.
    std::vector<Span> values;
};

Verdict unparsed(const char * reason, std::string_view text);

// What an answer may look like.
enum class Expected { Text, Json, AutoCalls, ForcedCalls };

// What an answer is read against.
struct Reading {
    Expected expected = Expected::Text;
    const CallFormat * format = nullptr;  // of Calls
    std::vector<std::string> names;       // of the tools that may be called
    bool complete_when_read = false;      // the grammar lets nothing follow what was read whole
};

// Reads strictly: nothing is repaired, any doubt is Unparsed. `cut` says that the answer ended at its token limit.
//   cut_off              the text ends where more was due
//   marker_without_call  a call was meant or due, but none stands where it should
//   arguments_not_json   arguments or a JSON answer are no valid JSON
//   text_left_over       something stands before, between or after what was read
//   parser_error         the text is no UTF-8
// plan.cpp adds parsers_disagree, round_trip_differs and parser_error; Java adds streamed_differs.
Verdict read_answer(const Reading & reading, std::string_view text, bool cut);

}  // namespace slm
