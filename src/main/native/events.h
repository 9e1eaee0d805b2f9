// Records for Java: one buffer per engine, little endian, padded to 4 bytes, one flush per step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace slm {

enum class Finish : uint8_t { EndOfTurn = 1, Stop = 2, Length = 3, Cancelled = 4, Error = 5, Deadline = 6 };

struct TopToken {
    int32_t token;
    float logprob;
};

struct TokenRecord {
    static constexpr uint8_t refused = 1;    // the first choice was refused by the grammar
    static constexpr uint8_t special = 2;    // a control token
    static constexpr uint8_t continues = 4;  // the text goes on in the next record
    static constexpr uint8_t forced = 8;     // only one token was allowed

    int32_t token = -1;  // -1: text that was held back
    uint8_t flags = 0;
    float logprob = 0;
    float margin = 0;
    int32_t offset = 0;  // of the token's own text in the raw text
    const std::vector<TopToken> * top = nullptr;
    std::string_view text;
};

struct DoneRecord {
    Finish finish = Finish::EndOfTurn;
    int32_t prompt = 0;
    int32_t cached = 0;
    int32_t generated = 0;
    int32_t switches = 0;
    int64_t queued_us = 0;
    int64_t prefill_us = 0;
    int64_t decode_us = 0;
    int64_t device_us = 0;
};

// Writes records into a buffer and hands it over when it is full or told so.
class RecordWriter {
  public:
    static constexpr size_t longest_text = 32u << 10;
    static constexpr size_t least_buffer = 64u << 10;

    // `flush` takes the first n bytes of the buffer; they may be overwritten when it returns.
    RecordWriter(uint8_t * buffer, size_t capacity, std::function<void(size_t)> flush)
        : buffer_(buffer), capacity_(capacity), flush_(std::move(flush)) {}

    void token(int64_t request, const TokenRecord & record);
    void prompt(int64_t request, int32_t done, int32_t total, int32_t cached);
    void done(int64_t request, const DoneRecord & record);
    // `retry_ms`: when another try may fare better; 0: nobody can say.
    void error(int64_t request, int32_t code, int32_t retry_ms, std::string_view message);
    void engine(int32_t state, std::string_view reason);
    void flush();

  private:
    template <class T>
    void put(T value);
    void header(uint8_t type, uint8_t flags, size_t body, int64_t request);
    void bytes(std::string_view text);
    void pad();

    uint8_t * buffer_;
    size_t capacity_;
    size_t position_ = 0;
    std::function<void(size_t)> flush_;
};

}  // namespace slm
