// JSON as text: where values lie, without building a tree. RFC 8259, nothing more lenient; and what it leaves open
// (names that come twice, lone surrogates) is refused, since readers differ there.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace slm {

// First byte and the byte after the last.
using Span = std::pair<size_t, size_t>;

// The end of the value that begins at `from`; nothing if no valid value begins there, it nests deeper than 64, an
// object has a name twice, or an escape names half a character. Leaves (strings without their quotes, numbers, true,
// false, null; no names of members) are added to `leaves` if given. `ran_out` is set if only the rest of the value is
// missing.
std::optional<size_t> end_of_value(std::string_view text, size_t from, std::vector<Span> * leaves = nullptr,
                                   bool * ran_out = nullptr);

// Past blanks, tabs and line ends.
size_t skip_space(std::string_view text, size_t from);

// Whether brackets nest deeper than `limit`. Looks at brackets and strings only: cheap, before a recursive parser sees
// the text.
bool nests_deeper(std::string_view text, size_t limit);

constexpr size_t max_nesting = 64;

}  // namespace slm
