#include "events.h"

#include <cstring>

#include "text.h"

namespace slm {

namespace {

constexpr size_t header_bytes = 16;
constexpr size_t longest_message = 500;

size_t padded(size_t n) {
    return (n + 3) & ~static_cast<size_t>(3);
}

}  // namespace

template <class T>
void RecordWriter::put(T value) {
    std::memcpy(buffer_ + position_, &value, sizeof value);
    position_ += sizeof value;
}

void RecordWriter::header(uint8_t type, uint8_t flags, size_t body, int64_t request) {
    if (position_ + header_bytes + padded(body) > capacity_) flush();
    put<uint8_t>(type);
    put<uint8_t>(flags);
    put<uint16_t>(0);
    put<int32_t>(static_cast<int32_t>(padded(body)));
    put<int64_t>(request);
}

void RecordWriter::bytes(std::string_view text) {
    if (!text.empty()) std::memcpy(buffer_ + position_, text.data(), text.size());
    position_ += text.size();
    pad();
}

void RecordWriter::pad() {
    while (position_ % 4 != 0) put<uint8_t>(0);
}

void RecordWriter::token(int64_t request, const TokenRecord & record) {
    std::string_view left = record.text;
    bool first = true;
    do {
        const std::string_view part = whole_characters(left, longest_text);
        left.remove_prefix(part.size());
        const size_t top = first && record.top ? record.top->size() : 0;
        const uint8_t flags = record.flags | (left.empty() ? 0 : TokenRecord::continues);
        header(1, flags, 20 + 8 * top + part.size(), request);
        put<int32_t>(first ? record.token : -1);
        put<float>(record.logprob);
        put<float>(record.margin);
        put<int32_t>(record.offset);
        put<uint16_t>(static_cast<uint16_t>(top));
        put<uint16_t>(static_cast<uint16_t>(part.size()));
        for (size_t i = 0; i < top; i++) {
            put<int32_t>((*record.top)[i].token);
            put<float>((*record.top)[i].logprob);
        }
        bytes(part);
        first = false;
    } while (!left.empty());
}

void RecordWriter::prompt(int64_t request, int32_t done, int32_t total, int32_t cached) {
    header(2, 0, 12, request);
    put(done);
    put(total);
    put(cached);
}

void RecordWriter::done(int64_t request, const DoneRecord & record) {
    header(3, static_cast<uint8_t>(record.finish), 48, request);
    put(record.prompt);
    put(record.cached);
    put(record.generated);
    put(record.switches);
    put(record.queued_us);
    put(record.prefill_us);
    put(record.decode_us);
    put(record.device_us);
}

void RecordWriter::error(int64_t request, int32_t code, int32_t retry_ms, std::string_view message) {
    const std::string_view part = whole_characters(message, longest_message);
    header(4, 0, 10 + part.size(), request);
    put(code);
    put(retry_ms);
    put<uint16_t>(static_cast<uint16_t>(part.size()));
    bytes(part);
}

void RecordWriter::engine(int32_t state, std::string_view reason) {
    const std::string_view part = whole_characters(reason, longest_message);
    header(5, 0, 6 + part.size(), 0);
    put(state);
    put<uint16_t>(static_cast<uint16_t>(part.size()));
    bytes(part);
}

void RecordWriter::flush() {
    if (position_ == 0) return;
    const size_t n = position_;
    position_ = 0;
    flush_(n);
}

}  // namespace slm
