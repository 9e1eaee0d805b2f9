#include "text.h"

#include <algorithm>

namespace slm {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Bytes that a character with this first byte takes; 0 if no character begins so.
size_t length_by_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

// Whether `next` may be the second byte after `lead`: no overlong forms, no surrogates, nothing above U+10FFFF.
bool second_fits(unsigned char lead, unsigned char next) {
    switch (lead) {
        case 0xE0:
            return next >= 0xA0 && next <= 0xBF;
        case 0xED:
            return next >= 0x80 && next <= 0x9F;
        case 0xF0:
            return next >= 0x90 && next <= 0xBF;
        case 0xF4:
            return next >= 0x80 && next <= 0x8F;
        default:
            return next >= 0x80 && next <= 0xBF;
    }
}

}  // namespace

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {
    for (const auto & stop : stops_) longest_ = std::max(longest_, stop.size());
}

void TextStream::decode(std::string_view bytes) {
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (!pending_.empty()) {
            const auto lead = static_cast<unsigned char>(pending_[0]);
            const bool fits = pending_.size() == 1 ? second_fits(lead, byte) : (byte & 0xC0) == 0x80;
            if (fits) {
                pending_ += c;
                if (pending_.size() == length_by_lead(lead)) {
                    text_ += pending_;
                    pending_.clear();
                }
                continue;
            }
            text_ += replacement;
            pending_.clear();
        }
        const size_t length = length_by_lead(byte);
        if (length == 1) {
            text_ += c;
        } else if (length == 0) {
            text_ += replacement;
        } else {
            pending_ += c;
        }
    }
}

std::string_view TextStream::append(std::string_view bytes) {
    if (stopped_) return {};
    const size_t before = text_.size();
    decode(bytes);
    if (longest_ > 0) {
        // a stop string can begin in what was shown as held back, but never in what was shown
        const size_t from = std::max(shown_, before >= longest_ ? before - longest_ + 1 : 0);
        size_t first = std::string::npos;
        for (const auto & stop : stops_) first = std::min(first, text_.find(stop, from));
        if (first != std::string::npos) {
            text_.resize(first);
            pending_.clear();
            stopped_ = true;
        }
    }
    const size_t end = stopped_ ? text_.size() : showable();
    const std::string_view part = std::string_view(text_).substr(shown_, end - shown_);
    shown_ = end;
    return part;
}

size_t TextStream::showable() const {
    size_t end = text_.size();
    for (const auto & stop : stops_) {
        const size_t most = std::min(stop.size() - 1, text_.size() - shown_);
        for (size_t n = most; n > 0; n--) {
            if (text_.compare(text_.size() - n, n, stop, 0, n) == 0) {
                end = std::min(end, text_.size() - n);
                break;
            }
        }
    }
    return end;
}

std::string_view TextStream::flush() {
    if (!pending_.empty()) {
        text_ += replacement;
        pending_.clear();
    }
    const std::string_view part = std::string_view(text_).substr(shown_);
    shown_ = text_.size();
    return part;
}

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const size_t length = length_by_lead(lead);
        if (length == 0 || i + length > text.size()) return false;
        if (length > 1 && !second_fits(lead, static_cast<unsigned char>(text[i + 1]))) return false;
        for (size_t k = 2; k < length; k++) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
        }
        i += length;
    }
    return true;
}

std::string_view whole_characters(std::string_view text, size_t limit) {
    if (text.size() <= limit) return text;
    size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) end--;
    return text.substr(0, end);
}

}  // namespace slm
