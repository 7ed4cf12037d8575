// Values of synthetic weights: a pure function of seed, tensor and byte, so that any thread can make any part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "stoker/base/units.hpp"

namespace stoker::model {

enum class Element { bf16, f32 };

// Names the stream of one tensor.
std::uint64_t stream_of(std::uint64_t seed, std::string_view tensor);

// Bytes [offset, offset + out.size()) of the stream. Random sign and mantissa; exponents spread evenly over
// 2^-95 … 2^-4: an engine's sums stay finite, and order-0 coders as in zlib and zstd gain 4 % (measured).
// Little-endian machines only. Thread-safe.
struct Part {
  std::uint64_t stream = 0;
  Element element = Element::bf16;
  Bytes offset = 0;
};
void fill_random(const Part& part, std::span<std::byte> out);

// The same for a tensor of ones.
void fill_ones(const Part& part, std::span<std::byte> out);

}  // namespace stoker::model
