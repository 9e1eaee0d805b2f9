#include "text.h"

#include "check.h"

using slm::TextStream;

namespace {

// Whether a text is valid UTF-8, by its own rules: no decoder of ours is asked.
bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
        if (length == 0 || i + length > text.size()) return false;
        for (size_t k = 1; k < length; k++) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
        }
        i += length;
    }
    return true;
}

// Feeds `bytes` cut at two places and returns all that was shown.
std::string fed(const std::string & bytes, size_t a, size_t b, const std::vector<std::string> & stops) {
    TextStream stream(stops);
    std::string shown;
    for (const auto & part : {bytes.substr(0, a), bytes.substr(a, b - a), bytes.substr(b)}) {
        const auto seen = stream.append(part);
        CHECK(is_utf8(seen));
        shown += seen;
    }
    const auto rest = stream.flush();
    CHECK(is_utf8(rest));
    return shown + std::string(rest);
}

}  // namespace

TEST(every_split_shows_whole_characters_and_all_of_them) {
    const std::string text = "a\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x91\x8B!";
    for (size_t a = 0; a <= text.size(); a++) {
        for (size_t b = a; b <= text.size(); b++) CHECK_EQ(fed(text, a, b, {}), text);
    }
}

TEST(no_part_of_a_stop_string_is_shown_however_it_is_split) {
    const std::string text = "one <|end|> two";
    for (size_t a = 0; a <= text.size(); a++) {
        for (size_t b = a; b <= text.size(); b++) {
            CHECK_EQ(fed(text, a, b, {"<|end|>", "zzz"}), std::string("one "));
        }
    }
}

TEST(the_first_of_several_stop_strings_counts) {
    CHECK_EQ(fed("abcd", 1, 2, {"cd", "bc"}), std::string("a"));
}

TEST(text_that_only_began_like_a_stop_string_is_shown_in_the_end) {
    CHECK_EQ(fed("wait <|en", 3, 6, {"<|end|>"}), std::string("wait <|en"));
    CHECK_EQ(fed("aab", 1, 2, {"ab_"}), std::string("aab"));
}

TEST(broken_bytes_become_replacement_characters) {
    CHECK_EQ(fed("a\xFF"
                 "b",
                 1, 2, {}),
             std::string("a\xEF\xBF\xBD"
                         "b"));
    CHECK_EQ(fed("a\xE4\xBD", 1, 2, {}), std::string("a\xEF\xBF\xBD"));
    CHECK_EQ(fed("\xED\xA0\x80", 1, 2, {}), std::string("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));
}

TEST(nothing_is_shown_after_a_stop_string) {
    TextStream stream({"x"});
    stream.append("ax");
    CHECK(stream.stopped());
    CHECK(stream.append("more").empty());
    CHECK(stream.flush().empty());
    CHECK_EQ(stream.text(), std::string("a"));
}

TEST(long_text_is_cut_between_characters) {
    const std::string text = "\xE4\xBD\xA0\xE4\xBD\xA0";
    CHECK_EQ(slm::whole_characters(text, 5), std::string_view(text).substr(0, 3));
    CHECK_EQ(slm::whole_characters(text, 6), std::string_view(text));
}
