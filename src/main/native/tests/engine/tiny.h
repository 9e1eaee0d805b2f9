// A model of random numbers that is small enough to be opened in milliseconds: what the engine does with it is real,
// what it says is not.
#pragma once

#include <cstdint>
#include <string>

namespace tiny {

constexpr int32_t vocabulary = 512;

// Writes the GGUF: architecture llama, two layers, context 2,048, a vocabulary of bytes and made-up words. The same
// bytes for the same seed.
void write(const std::string & path, uint32_t seed);

}  // namespace tiny
