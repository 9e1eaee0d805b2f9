// JSON as text: where values lie, without building a tree. RFC 8259, nothing more lenient.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace slm {

// First byte and the byte after the last.
using Span = std::pair<size_t, size_t>;

// One member of an object: its name as written (without quotes, still escaped) and its value.
struct Member {
    std::string_view name;
    Span value;
};

// The end of the value that begins at `from`; nothing if no valid value begins there or it nests deeper than 64.
// Leaves (strings without their quotes, numbers, true, false, null; no names of members) are added to `leaves` if
// given.
std::optional<size_t> end_of_value(std::string_view text, size_t from, std::vector<Span> * leaves = nullptr);

// The members of the object that begins at `from`, in order, and its end; nothing if it is no valid object.
std::optional<std::pair<std::vector<Member>, size_t>> members_of(std::string_view text, size_t from);

// Past blanks, tabs and line ends.
size_t skip_space(std::string_view text, size_t from);

// Whether brackets nest deeper than `limit`. Looks at brackets and strings only: cheap, before a recursive parser sees
// the text.
bool nests_deeper(std::string_view text, size_t limit);

constexpr size_t max_nesting = 64;

}  // namespace slm
