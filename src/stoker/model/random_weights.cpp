// SplitMix64 by counter: word i of a stream is mix(stream + (i + 1) × φ), whatever was asked for before. A
// generator with state (xoshiro in lanes) is no faster here, since the disk takes 1-3 GB/s a core, and would
// make every part of a tensor start at a block's edge.
#include "stoker/model/random_weights.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stoker::model {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint64_t k_step = 0x9e3779b97f4a7c15;

constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// The upper seven exponent bits become 16 + random × 46 / 128, that is exponents 32 … 123 with the last bit
// left random. The same in every 16-bit lane (bf16), or in the upper half of every 32-bit lane (f32):
// 127 × 46 < 2^16, so no lane spills into its neighbour.
struct Lanes {
  std::uint64_t seven;  // one 0x7f a lane
  std::uint64_t six;    // one 0x3f
  std::uint64_t base;   // one 16
};
constexpr Lanes k_bf16{0x007f007f007f007f, 0x003f003f003f003f, 0x0010001000100010};
constexpr Lanes k_f32{0x007f0000007f0000, 0x003f0000003f0000, 0x0010000000100000};

constexpr std::uint64_t shaped(std::uint64_t word, const Lanes& lanes) {
  const std::uint64_t scaled = ((((word >> 8) & lanes.seven) * 46) >> 7) & lanes.six;
  return (word & ~(lanes.seven << 8)) | ((scaled + lanes.base) << 8);
}

template <class Word>
void fill(Bytes offset, std::span<std::byte> out, const Word& word) {
  Bytes index = offset / 8;
  std::size_t done = 0;
  if (const std::size_t skip = offset % 8; skip != 0 && !out.empty()) {
    const std::uint64_t first = word(index++);
    done = std::min(out.size(), 8 - skip);
    std::memcpy(out.data(), reinterpret_cast<const std::byte*>(&first) + skip, done);
  }
  const std::size_t whole = (out.size() - done) / 8;
  std::byte* const to = out.data() + done;
  for (std::size_t i = 0; i < whole; ++i) {
    const std::uint64_t value = word(index + i);
    std::memcpy(to + 8 * i, &value, 8);
  }
  done += 8 * whole;
  if (done == out.size()) return;
  const std::uint64_t last = word(index + whole);
  std::memcpy(out.data() + done, &last, out.size() - done);
}

}  // namespace

std::uint64_t stream_of(std::uint64_t seed, std::string_view tensor) {
  std::uint64_t stream = mix(seed + k_step);
  for (const char c : tensor) stream = mix((stream ^ static_cast<unsigned char>(c)) + k_step);
  return stream;
}

void fill_random(const Part& part, std::span<std::byte> out) {
  const std::uint64_t stream = part.stream;
  if (part.element == Element::bf16)
    fill(part.offset, out, [stream](Bytes i) { return shaped(mix(stream + (i + 1) * k_step), k_bf16); });
  else
    fill(part.offset, out, [stream](Bytes i) { return shaped(mix(stream + (i + 1) * k_step), k_f32); });
}

void fill_ones(const Part& part, std::span<std::byte> out) {
  const std::uint64_t ones = part.element == Element::bf16 ? 0x3f803f803f803f80 : 0x3f8000003f800000;
  fill(part.offset, out, [ones](Bytes) { return ones; });
}

}  // namespace stoker::model
