#include "stoker/model/random_weights.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

std::vector<std::byte> stream(Part part, std::size_t bytes) {
  std::vector<std::byte> out(bytes);
  fill_random(part, out);
  return out;
}

TEST(RandomWeights, AnyPartIsTheSameAsThatPartOfTheWhole) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const Element element : {Element::bf16, Element::f32}) {
    const auto whole = stream({stream_of(7, "t"), element, 0}, 5000);
    for (int i = 0; i < 500; ++i) {
      const std::size_t from = random() % 5000, length = random() % (5000 - from);
      EXPECT_EQ(stream({stream_of(7, "t"), element, from}, length), std::vector<std::byte>(whole.begin() + static_cast<std::ptrdiff_t>(from), whole.begin() + static_cast<std::ptrdiff_t>(from + length)));
    }
  }
}

TEST(RandomWeights, StreamsDifferBySeedAndName) {
  EXPECT_NE(stream_of(1, "a"), stream_of(2, "a"));
  EXPECT_NE(stream_of(1, "a"), stream_of(1, "b"));
  EXPECT_NE(stream_of(0, "ab"), stream_of(0, "ba"));
}

TEST(RandomWeights, ValuesAreFiniteSmallAndOfBothSigns) {
  const auto bytes = stream({stream_of(3, "w"), Element::bf16, 0}, 1 << 20);
  std::size_t negative = 0;
  float largest = 0, smallest = 1;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint32_t bits = (std::to_integer<std::uint32_t>(bytes[i]) | std::to_integer<std::uint32_t>(bytes[i + 1]) << 8) << 16;
    const float value = std::bit_cast<float>(bits);
    negative += value < 0 ? 1 : 0;
    largest = std::max(largest, std::abs(value));
    smallest = std::min(smallest, std::abs(value));
  }
  EXPECT_LT(largest, 0.125F);
  EXPECT_GT(largest, 0.03F);
  EXPECT_GE(smallest, std::ldexp(1.F, -95));
  EXPECT_NEAR(static_cast<double>(negative), 262144, 4000);
}

TEST(RandomWeights, FloatsAreAsSmall) {
  const auto bytes = stream({stream_of(3, "w"), Element::f32, 0}, 1 << 16);
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    float value = 0;
    std::memcpy(&value, bytes.data() + i, 4);
    ASSERT_LT(std::abs(value), 0.125F);
    ASSERT_GT(std::abs(value), 0.F);
  }
}

// What an order-0 coder (the literals of zlib and zstd) could save.
TEST(RandomWeights, BytesHardlyCompress) {
  const auto bytes = stream({stream_of(5, "w"), Element::bf16, 0}, 1 << 22);
  std::array<double, 256> count{};
  for (const std::byte byte : bytes) ++count[std::to_integer<std::size_t>(byte)];
  double bits = 0;
  for (const double n : count)
    if (n > 0) bits -= n / static_cast<double>(bytes.size()) * std::log2(n / static_cast<double>(bytes.size()));
  EXPECT_GT(bits, 8 * 0.95);
}

TEST(RandomWeights, Ones) {
  std::vector<std::byte> out(6);
  fill_ones({0, Element::bf16, 2}, out);
  EXPECT_EQ(std::memcmp(out.data(), "\x80\x3f\x80\x3f\x80\x3f", 6), 0);
  fill_ones({0, Element::f32, 4}, std::span(out).first(4));
  EXPECT_EQ(std::memcmp(out.data(), "\0\0\x80\x3f", 4), 0);
}

}  // namespace
}  // namespace stoker::model
