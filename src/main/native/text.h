// Text on its way out: whole UTF-8 only, and no part of a stop string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slm {

// Collects the bytes of tokens and says how much may be shown. Bytes that are no UTF-8 become U+FFFD, so every part is
// valid.
class TextStream {
  public:
    explicit TextStream(std::vector<std::string> stops);

    // Takes the bytes of one token and returns the text that may be shown after it (valid until the next call).
    std::string_view append(std::string_view bytes);

    // At the end: what was held back, unless a stop string was found.
    std::string_view flush();

    // True once a stop string has been seen; the text ends before it.
    bool stopped() const { return stopped_; }

    // Everything decoded so far, shown or held back; without the stop string.
    const std::string & text() const { return text_; }

    // Offset in text() of the first byte that has not been shown.
    size_t shown() const { return shown_; }

  private:
    void decode(std::string_view bytes);
    size_t showable() const;

    std::vector<std::string> stops_;
    size_t longest_ = 0;
    std::string text_;
    std::string pending_;  // the beginning of a character, at most 3 bytes
    size_t shown_ = 0;
    bool stopped_ = false;
};

// Whether all bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// The part of text from offset `from` that fits into `limit` bytes without cutting a character.
std::string_view whole_characters(std::string_view text, size_t limit);

}  // namespace slm
