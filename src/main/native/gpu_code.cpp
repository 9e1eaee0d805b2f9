#include "gpu_code.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace slm {

namespace {

constexpr uint32_t container_magic = 0xBA55ED50;
constexpr size_t container_header = 16;
constexpr size_t container_aligned = 8;
constexpr uint16_t kind_ptx = 1;
constexpr uint16_t kind_machine = 2;
constexpr size_t payload_at = 8;
constexpr size_t architecture_at = 28;
constexpr size_t least_entry_header = 32;
constexpr uint32_t most_architecture = 1000;

template <class T>
T read(const uint8_t * from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// The entries of one fat binary: kind u16, version u16, header bytes u32, payload bytes u64, ..., architecture u32.
void read_entries(const uint8_t * at, const uint8_t * end, GpuCode & code) {
    while (static_cast<size_t>(end - at) >= least_entry_header) {
        const auto kind = read<uint16_t>(at);
        const auto header = read<uint32_t>(at + sizeof(uint32_t));
        const auto payload = read<uint64_t>(at + payload_at);
        const auto architecture = read<uint32_t>(at + architecture_at);
        const auto left = static_cast<uint64_t>(end - at);
        if (header < least_entry_header || header > left || payload > left - header) return;
        if (architecture > 0 && architecture < most_architecture) {
            if (kind == kind_ptx) code.ptx.insert(static_cast<int>(architecture));
            if (kind == kind_machine) code.machine.insert(static_cast<int>(architecture));
        }
        at += header + payload;
    }
}

}  // namespace

GpuCode GpuCode::parse(const uint8_t * bytes, size_t length) {
    GpuCode code;
    for (size_t at = 0; at + container_header <= length;) {
        if (read<uint32_t>(bytes + at) != container_magic) {
            at += container_aligned;
            continue;
        }
        const size_t header = read<uint16_t>(bytes + at + 6);
        const auto size = read<uint64_t>(bytes + at + 8);
        if (header < container_header || header > length - at || size > length - at - header) {
            at += container_aligned;
            continue;
        }
        read_entries(bytes + at + header, bytes + at + header + size, code);
        const size_t past = at + header + static_cast<size_t>(size);
        at = (past + container_aligned - 1) / container_aligned * container_aligned;
    }
    return code;
}

GpuCode GpuCode::of_file(const std::string & path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return {};
    struct stat facts = {};
    GpuCode code;
    if (fstat(file, &facts) == 0 && facts.st_size > 0) {
        const auto length = static_cast<size_t>(facts.st_size);
        void * const bytes = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            code = parse(static_cast<const uint8_t *>(bytes), length);
            munmap(bytes, length);
        }
    }
    close(file);
    return code;
}

GpuCode::Fit GpuCode::fit(int architecture) const {
    if (machine.empty() && ptx.empty()) return Fit::Unknown;
    const bool runs = std::any_of(machine.begin(), machine.end(),
                                  [&](int one) { return one / 10 == architecture / 10 && one <= architecture; });
    if (runs) return Fit::Machine;
    const bool compiles = std::any_of(ptx.begin(), ptx.end(), [&](int one) { return one <= architecture; });
    return compiles ? Fit::Ptx : Fit::None;
}

}  // namespace slm
