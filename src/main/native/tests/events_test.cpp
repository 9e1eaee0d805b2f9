#include "events.h"

#include <cstring>

#include "check.h"

using slm::RecordWriter;

namespace {

struct Read {
    uint8_t type;
    uint8_t flags;
    int64_t request;
    std::string body;
};

template <class T>
T at(const std::string & bytes, size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

// Collects what a writer hands over.
struct Collected {
    std::vector<uint8_t> buffer = std::vector<uint8_t>(RecordWriter::least_buffer);
    std::string bytes;
    RecordWriter writer{buffer.data(), buffer.size(),
                        [this](size_t n) { bytes.append(reinterpret_cast<const char *>(buffer.data()), n); }};

    std::vector<Read> records() {
        writer.flush();
        std::vector<Read> all;
        for (size_t i = 0; i < bytes.size();) {
            const auto length = static_cast<size_t>(at<int32_t>(bytes, i + 4));
            CHECK_EQ(length % 4, size_t{0});
            all.push_back({at<uint8_t>(bytes, i), at<uint8_t>(bytes, i + 1), at<int64_t>(bytes, i + 8),
                           bytes.substr(i + 16, length)});
            i += 16 + length;
        }
        return all;
    }
};

}  // namespace

TEST(a_long_text_is_split_and_nothing_is_lost) {
    Collected collected;
    std::string text;
    while (text.size() < 100000) text += "\xE4\xBD\xA0.";
    slm::TokenRecord record;
    record.token = 5;
    record.text = text;
    collected.writer.token(9, record);
    std::string joined;
    const auto records = collected.records();
    CHECK(records.size() >= 4);
    for (size_t i = 0; i < records.size(); i++) {
        CHECK_EQ(records[i].request, int64_t{9});
        CHECK_EQ(at<int32_t>(records[i].body, 0), i == 0 ? 5 : -1);
        CHECK((records[i].flags & slm::TokenRecord::continues) == (i + 1 < records.size() ? 4 : 0));
        joined += records[i].body.substr(20, at<uint16_t>(records[i].body, 18));
    }
    CHECK(joined == text);
}

TEST(a_full_buffer_is_handed_over_between_records) {
    Collected collected;
    for (int i = 0; i < 10000; i++) collected.writer.prompt(i, i, 10000, 3);
    const auto records = collected.records();
    CHECK_EQ(records.size(), size_t{10000});
    CHECK_EQ(records[9999].request, int64_t{9999});
    CHECK_EQ(at<int32_t>(records[9999].body, 8), 3);
}

TEST(numbers_of_an_end_are_where_java_reads_them) {
    Collected collected;
    slm::DoneRecord done;
    done.finish = slm::Finish::Length;
    done.prompt = 1;
    done.cached = 2;
    done.generated = 3;
    done.switches = 4;
    done.queued_us = 5;
    done.prefill_us = 6;
    done.decode_us = 7;
    done.device_us = 8;
    collected.writer.error(1, 4, 1500, std::string(600, 'x'));
    collected.writer.done(1, done);
    const auto records = collected.records();
    CHECK_EQ(at<int32_t>(records[0].body, 0), 4);
    CHECK_EQ(at<int32_t>(records[0].body, 4), 1500);
    CHECK_EQ(at<uint16_t>(records[0].body, 8), uint16_t{500});
    CHECK_EQ(records[1].flags, uint8_t{3});
    for (int i = 0; i < 4; i++) CHECK_EQ(at<int32_t>(records[1].body, 4 * static_cast<size_t>(i)), i + 1);
    for (int i = 0; i < 4; i++) CHECK_EQ(at<int64_t>(records[1].body, 16 + 8 * static_cast<size_t>(i)), int64_t{i + 5});
}
