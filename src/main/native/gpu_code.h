// Which GPUs a CUDA library was compiled for, read from the file: its fat binaries lie in it one after the other, each
// a header and entries of machine code or PTX with their architecture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace slm {

struct GpuCode {
    // Architectures as 10 x major + minor: 86, 120. Machine code of an architecture-specific variant (120a) counts.
    std::set<int> machine;
    std::set<int> ptx;

    enum class Fit { Unknown, Machine, Ptx, None };

    // What a GPU of this architecture would run. Machine code runs on the same major number from its minor on, PTX is
    // compiled by the driver for its own architecture and later ones. Unknown: the file told of neither.
    Fit fit(int architecture) const;

    static GpuCode parse(const uint8_t * bytes, size_t length);

    // Empty if the file cannot be read.
    static GpuCode of_file(const std::string & path);
};

}  // namespace slm
