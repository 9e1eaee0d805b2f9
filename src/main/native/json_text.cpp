#include "json_text.h"

#include <cstdint>
#include <set>
#include <string>

namespace slm {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The four digits of an escape at `at`, or nothing.
std::optional<uint32_t> code_unit(std::string_view text, size_t at) {
    if (at + 4 > text.size()) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = at; i < at + 4; i++) {
        if (!is_hex(text[i])) return std::nullopt;
        value = value * 16 + static_cast<uint32_t>(is_digit(text[i]) ? text[i] - '0' : (text[i] | 0x20) - 'a' + 10);
    }
    return value;
}

bool is_first_half(uint32_t unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}

bool is_second_half(uint32_t unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

// A name for comparison: escapes of one character each become that character, whole pairs stay as they are.
std::string unescaped(std::string_view name) {
    std::string out;
    for (size_t i = 0; i < name.size(); i++) {
        if (name[i] != '\\') {
            out += name[i];
            continue;
        }
        static constexpr std::string_view escapes = "bfnrt";
        static constexpr std::string_view meanings = "\b\f\n\r\t";
        const char kind = name[++i];
        const size_t known = escapes.find(kind);
        if (kind != 'u') {
            out += known == std::string_view::npos ? kind : meanings[known];
            continue;
        }
        const uint32_t unit = code_unit(name, i + 1).value_or(0);
        i += 4;
        if (unit < 0x80) {
            out += static_cast<char>(unit);
        } else if (unit < 0x800) {
            out += static_cast<char>(0xC0 | (unit >> 6));
            out += static_cast<char>(0x80 | (unit & 0x3F));
        } else if (is_first_half(unit)) {
            const uint32_t second = code_unit(name, i + 3).value_or(0);
            const uint32_t whole = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
            i += 6;
            out += static_cast<char>(0xF0 | (whole >> 18));
            out += static_cast<char>(0x80 | ((whole >> 12) & 0x3F));
            out += static_cast<char>(0x80 | ((whole >> 6) & 0x3F));
            out += static_cast<char>(0x80 | (whole & 0x3F));
        } else {
            out += static_cast<char>(0xE0 | (unit >> 12));
            out += static_cast<char>(0x80 | ((unit >> 6) & 0x3F));
            out += static_cast<char>(0x80 | (unit & 0x3F));
        }
    }
    return out;
}

// One pass over a text; every method returns the end of what it read, or nothing.
class Scan {
  public:
    Scan(std::string_view text, std::vector<Span> * leaves) : text_(text), leaves_(leaves) {}

    std::optional<size_t> value(size_t at, size_t depth) {
        if (at >= text_.size()) return ends();
        if (depth > max_nesting) return std::nullopt;
        switch (text_[at]) {
            case '{':
                return object(at, depth);
            case '[':
                return array(at, depth);
            case '"':
                return leaf(at, string(at), 1);
            case 't':
                return leaf(at, word(at, "true"), 0);
            case 'f':
                return leaf(at, word(at, "false"), 0);
            case 'n':
                return leaf(at, word(at, "null"), 0);
            default:
                return leaf(at, number(at), 0);
        }
    }

    // Whether the last failure was the end of the text, and nothing in it.
    bool ran_out() const { return ran_out_; }

  private:
    std::nullopt_t ends() {
        ran_out_ = true;
        return std::nullopt;
    }

    std::optional<size_t> leaf(size_t at, std::optional<size_t> end, size_t quote) {
        if (end && leaves_) leaves_->push_back({at + quote, *end - quote});
        return end;
    }

    std::optional<size_t> word(size_t at, std::string_view expected) {
        const std::string_view there = text_.substr(at, expected.size());
        if (there == expected) return at + expected.size();
        if (expected.substr(0, there.size()) == there) return ends();
        return std::nullopt;
    }

    std::optional<size_t> string(size_t at) {
        for (size_t i = at + 1; i < text_.size(); i++) {
            const char c = text_[i];
            if (c == '"') return i + 1;
            if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
            if (c != '\\') continue;
            const auto end = escape(i + 1);
            if (!end) return std::nullopt;
            i = *end - 1;
        }
        return ends();
    }

    // The end of the escape whose letter is at `at`.
    std::optional<size_t> escape(size_t at) {
        if (at >= text_.size()) return ends();
        if (text_[at] != 'u') {
            return std::string_view("\"\\/bfnrt").find(text_[at]) == std::string_view::npos
                       ? std::nullopt
                       : std::optional<size_t>(at + 1);
        }
        if (at + 5 > text_.size()) return ends();
        const auto unit = code_unit(text_, at + 1);
        if (!unit || is_second_half(*unit)) return std::nullopt;
        if (!is_first_half(*unit)) return at + 5;
        if (at + 11 > text_.size()) return ends();
        const auto second = code_unit(text_, at + 7);
        if (text_[at + 5] != '\\' || text_[at + 6] != 'u' || !second || !is_second_half(*second)) return std::nullopt;
        return at + 11;
    }

    size_t digits(size_t at) const {
        while (at < text_.size() && is_digit(text_[at])) at++;
        return at;
    }

    std::optional<size_t> some_digits(size_t at) {
        const size_t end = digits(at);
        if (end > at) return end;
        return at < text_.size() ? std::nullopt : std::optional<size_t>(ends());
    }

    std::optional<size_t> number(size_t at) {
        const size_t whole = text_[at] == '-' ? at + 1 : at;
        auto end = some_digits(whole);
        if (!end || (text_[whole] == '0' && *end > whole + 1)) return std::nullopt;
        if (*end < text_.size() && text_[*end] == '.') {
            end = some_digits(*end + 1);
            if (!end) return std::nullopt;
        }
        if (*end < text_.size() && (text_[*end] == 'e' || text_[*end] == 'E')) {
            size_t exponent = *end + 1;
            if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) exponent++;
            end = some_digits(exponent);
        }
        return end;
    }

    std::optional<size_t> object(size_t at, size_t depth) {
        std::set<std::string> names;
        size_t i = skip_space(text_, at + 1);
        if (i < text_.size() && text_[i] == '}') return i + 1;
        while (true) {
            if (i >= text_.size()) return ends();
            if (text_[i] != '"') return std::nullopt;
            const auto name_end = string(i);
            if (!name_end) return std::nullopt;
            if (!names.insert(unescaped(text_.substr(i + 1, *name_end - i - 2))).second) return std::nullopt;
            i = skip_space(text_, *name_end);
            if (i >= text_.size()) return ends();
            if (text_[i] != ':') return std::nullopt;
            const auto end = value(skip_space(text_, i + 1), depth + 1);
            if (!end) return std::nullopt;
            i = skip_space(text_, *end);
            if (i >= text_.size()) return ends();
            if (text_[i] == '}') return i + 1;
            if (text_[i] != ',') return std::nullopt;
            i = skip_space(text_, i + 1);
        }
    }

    std::optional<size_t> array(size_t at, size_t depth) {
        size_t i = skip_space(text_, at + 1);
        if (i < text_.size() && text_[i] == ']') return i + 1;
        while (true) {
            const auto end = value(i, depth + 1);
            if (!end) return std::nullopt;
            i = skip_space(text_, *end);
            if (i >= text_.size()) return ends();
            if (text_[i] == ']') return i + 1;
            if (text_[i] != ',') return std::nullopt;
            i = skip_space(text_, i + 1);
        }
    }

    std::string_view text_;
    std::vector<Span> * leaves_;
    bool ran_out_ = false;
};

}  // namespace

size_t skip_space(std::string_view text, size_t from) {
    while (from < text.size() &&
           (text[from] == ' ' || text[from] == '\n' || text[from] == '\t' || text[from] == '\r')) {
        from++;
    }
    return from;
}

std::optional<size_t> end_of_value(std::string_view text, size_t from, std::vector<Span> * leaves, bool * ran_out) {
    Scan scan(text, leaves);
    const auto end = scan.value(from, 1);
    if (ran_out) *ran_out = !end && scan.ran_out();
    return end;
}

bool nests_deeper(std::string_view text, size_t limit) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
            continue;
        }
        if (c == '"') in_string = true;
        if ((c == '{' || c == '[') && ++depth > limit) return true;
        if ((c == '}' || c == ']') && depth > 0) depth--;
    }
    return false;
}

}  // namespace slm
