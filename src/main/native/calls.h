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
    // calls do not show or are not JSON.
    using RenderTurn = std::function<std::string(const std::vector<std::pair<std::string, std::string>> & calls)>;
    static std::optional<CallFormat> learn(const RenderTurn & turn, const std::string & end_of_turn);

    // The turn's text for these calls, as the model should have written it.
    std::string written(const std::vector<std::pair<std::string, std::string>> & calls) const;
};

// GBNF of one call, or of one and more: nothing before, nothing after, arguments by each tool's schema in the one
// spelling.
std::string forced_call_grammar(const CallFormat & format, const std::vector<ToolSpec> & tools, bool parallel);

// A call as read from an answer.
struct ReadCall {
    std::string name;
    std::string arguments;  // JSON text, byte for byte from the answer
};

// The reading of a whole answer.
struct Verdict {
    enum class Kind { Text, Calls, Unparsed };

    Kind kind = Kind::Text;
    std::string
        reason;  // of Unparsed: cut_off, marker_without_call, arguments_not_json, text_left_over, round_trip_differs
    std::string content;  // text of the answer; of Calls what stood before the first call
    std::vector<ReadCall> calls;
    std::vector<Span> values;  // the bytes that carry the answer: argument values, JSON fields; all of a text
};

// What an answer may look like.
enum class Expected { Text, Json, AutoCalls, ForcedCalls };

// Reads strictly: nothing is repaired, any doubt is Unparsed. `cut` says that the answer ended at its token limit.
Verdict read_answer(Expected expected, const CallFormat * format, std::string_view text, bool cut);

}  // namespace slm
