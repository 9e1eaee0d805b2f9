// A small model with random weights, made in memory: what a device is tried with. Its tokens mean nothing.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>

namespace slm {

struct FileClose {
    void operator()(FILE * file) const { fclose(file); }
};
using FilePtr = std::unique_ptr<FILE, FileClose>;

constexpr int32_t tiny_vocabulary = 512;

// A GGUF of about 2 MB, at its beginning: architecture llama, two layers, Q4_1 and Q8_0 as real models have them, F16
// for the output. The same bytes every time. Throws Error(Internal) if there is no memory.
FilePtr make_tiny_model();

}  // namespace slm
