#include "../gpu_code.h"

#include <cstring>
#include <vector>

#include "check.h"

using slm::GpuCode;

namespace {

template <class T>
void put(std::vector<uint8_t> & bytes, T value) {
    const auto * const from = reinterpret_cast<const uint8_t *>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
}

void entry(std::vector<uint8_t> & bytes, uint16_t kind, uint32_t architecture, uint64_t payload) {
    constexpr uint32_t header = 64;
    put<uint16_t>(bytes, kind);
    put<uint16_t>(bytes, 0x101);
    put(bytes, header);
    put(bytes, payload);
    put<uint64_t>(bytes, 0);
    put<uint32_t>(bytes, 0);
    put(bytes, architecture);
    bytes.resize(bytes.size() + header - 32 + payload, 0xAB);
}

std::vector<uint8_t> container(const std::vector<uint8_t> & entries) {
    std::vector<uint8_t> bytes;
    put<uint32_t>(bytes, 0xBA55ED50);
    put<uint16_t>(bytes, 1);
    put<uint16_t>(bytes, 16);
    put<uint64_t>(bytes, entries.size());
    bytes.insert(bytes.end(), entries.begin(), entries.end());
    return bytes;
}

GpuCode parse(const std::vector<uint8_t> & bytes) {
    return GpuCode::parse(bytes.data(), bytes.size());
}

std::vector<uint8_t> two_containers() {
    std::vector<uint8_t> bytes(40, 0);
    for (const uint32_t architecture : {80U, 86U}) {
        std::vector<uint8_t> entries;
        entry(entries, 2, architecture + 3, 72);
        entry(entries, 1, architecture, 24);
        const auto one = container(entries);
        bytes.insert(bytes.end(), one.begin(), one.end());
        bytes.resize((bytes.size() + 15) / 8 * 8, 0);
    }
    return bytes;
}

}  // namespace

TEST(the_code_of_all_fat_binaries_of_a_file_is_found) {
    const auto code = parse(two_containers());
    CHECK(code.machine == std::set<int>({83, 89}));
    CHECK(code.ptx == std::set<int>({80, 86}));
}

TEST(a_file_cut_anywhere_is_read_to_its_end) {
    const auto whole = two_containers();
    for (size_t length = 0; length <= whole.size(); length++) {
        // a copy of just so many bytes, so that reading beyond them is seen
        const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(length));
        const auto code = parse(cut);
        CHECK(code.machine.size() <= 2);
    }
}

TEST(sizes_that_lie_are_not_followed) {
    auto bytes = two_containers();
    for (size_t at = 40; at + 8 <= 200; at++) {
        auto wrong = bytes;
        const uint64_t much = ~0ULL - at;
        std::memcpy(wrong.data() + at, &much, sizeof much);
        CHECK(parse(wrong).ptx.size() <= 3);
    }
}

TEST(what_fits_is_machine_code_of_the_same_major_number_else_ptx) {
    GpuCode code;
    CHECK(code.fit(90) == GpuCode::Fit::Unknown);
    code.machine = {86, 89, 120};
    code.ptx = {75, 80, 90};
    CHECK(code.fit(86) == GpuCode::Fit::Machine);
    CHECK(code.fit(87) == GpuCode::Fit::Machine);
    CHECK(code.fit(89) == GpuCode::Fit::Machine);
    CHECK(code.fit(120) == GpuCode::Fit::Machine);
    CHECK(code.fit(80) == GpuCode::Fit::Ptx);
    CHECK(code.fit(90) == GpuCode::Fit::Ptx);
    CHECK(code.fit(100) == GpuCode::Fit::Ptx);
    CHECK(code.fit(70) == GpuCode::Fit::None);
}
