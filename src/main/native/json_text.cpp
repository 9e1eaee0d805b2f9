#include "json_text.h"

namespace slm {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// One pass over a text; every method returns the end of what it read, or nothing.
class Scan {
  public:
    Scan(std::string_view text, std::vector<Span> * leaves, std::vector<Member> * members)
        : text_(text), leaves_(leaves), members_(members) {}

    std::optional<size_t> value(size_t at, size_t depth) {
        if (at >= text_.size() || depth > max_nesting) return std::nullopt;
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

  private:
    std::optional<size_t> leaf(size_t at, std::optional<size_t> end, size_t quote) {
        if (end && leaves_) leaves_->push_back({at + quote, *end - quote});
        return end;
    }

    std::optional<size_t> word(size_t at, std::string_view expected) const {
        if (text_.substr(at, expected.size()) != expected) return std::nullopt;
        return at + expected.size();
    }

    std::optional<size_t> string(size_t at) const {
        for (size_t i = at + 1; i < text_.size(); i++) {
            const char c = text_[i];
            if (c == '"') return i + 1;
            if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
            if (c != '\\') continue;
            if (++i >= text_.size()) return std::nullopt;
            if (text_[i] == 'u') {
                for (int k = 0; k < 4; k++) {
                    if (++i >= text_.size() || !is_hex(text_[i])) return std::nullopt;
                }
            } else if (std::string_view("\"\\/bfnrt").find(text_[i]) == std::string_view::npos) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    size_t digits(size_t at) const {
        while (at < text_.size() && is_digit(text_[at])) at++;
        return at;
    }

    std::optional<size_t> number(size_t at) const {
        size_t i = at;
        if (i < text_.size() && text_[i] == '-') i++;
        const size_t whole = i;
        i = digits(i);
        if (i == whole || (text_[whole] == '0' && i > whole + 1)) return std::nullopt;
        if (i < text_.size() && text_[i] == '.') {
            const size_t fraction = ++i;
            i = digits(i);
            if (i == fraction) return std::nullopt;
        }
        if (i < text_.size() && (text_[i] == 'e' || text_[i] == 'E')) {
            i++;
            if (i < text_.size() && (text_[i] == '+' || text_[i] == '-')) i++;
            const size_t exponent = i;
            i = digits(i);
            if (i == exponent) return std::nullopt;
        }
        return i;
    }

    std::optional<size_t> object(size_t at, size_t depth) {
        size_t i = skip_space(text_, at + 1);
        if (i < text_.size() && text_[i] == '}') return i + 1;
        while (i < text_.size() && text_[i] == '"') {
            const auto name_end = string(i);
            if (!name_end) return std::nullopt;
            const std::string_view name = text_.substr(i + 1, *name_end - i - 2);
            i = skip_space(text_, *name_end);
            if (i >= text_.size() || text_[i] != ':') return std::nullopt;
            const size_t from = skip_space(text_, i + 1);
            const auto end = value(from, depth + 1);
            if (!end) return std::nullopt;
            if (depth == 1 && members_) members_->push_back({name, {from, *end}});
            i = skip_space(text_, *end);
            if (i < text_.size() && text_[i] == '}') return i + 1;
            if (i >= text_.size() || text_[i] != ',') return std::nullopt;
            i = skip_space(text_, i + 1);
        }
        return std::nullopt;
    }

    std::optional<size_t> array(size_t at, size_t depth) {
        size_t i = skip_space(text_, at + 1);
        if (i < text_.size() && text_[i] == ']') return i + 1;
        while (true) {
            const auto end = value(i, depth + 1);
            if (!end) return std::nullopt;
            i = skip_space(text_, *end);
            if (i < text_.size() && text_[i] == ']') return i + 1;
            if (i >= text_.size() || text_[i] != ',') return std::nullopt;
            i = skip_space(text_, i + 1);
        }
    }

    std::string_view text_;
    std::vector<Span> * leaves_;
    std::vector<Member> * members_;
};

}  // namespace

size_t skip_space(std::string_view text, size_t from) {
    while (from < text.size() &&
           (text[from] == ' ' || text[from] == '\n' || text[from] == '\t' || text[from] == '\r')) {
        from++;
    }
    return from;
}

std::optional<size_t> end_of_value(std::string_view text, size_t from, std::vector<Span> * leaves) {
    return Scan(text, leaves, nullptr).value(from, 1);
}

std::optional<std::pair<std::vector<Member>, size_t>> members_of(std::string_view text, size_t from) {
    if (from >= text.size() || text[from] != '{') return std::nullopt;
    std::vector<Member> members;
    const auto end = Scan(text, nullptr, &members).value(from, 1);
    if (!end) return std::nullopt;
    return std::make_pair(std::move(members), *end);
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
