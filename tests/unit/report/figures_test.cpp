#include "stoker/report/figures.hpp"

#include <gtest/gtest.h>

#include "unit/record/benches.hpp"

namespace stoker::report {
namespace {

TEST(Figures, SharesNeverRoundToAllOrNothing) {
  EXPECT_EQ(share(0.0), "0 %");
  EXPECT_EQ(share(1.0), "100 %");
  EXPECT_EQ(share(0.0004), "<0.1 %");
  EXPECT_EQ(share(0.99951), ">99.9 %");
  EXPECT_EQ(share(0.994), "99.4 %");
  EXPECT_EQ(share(0.056), "5.6 %");
  EXPECT_EQ(share(0.56), "56 %");
  EXPECT_EQ(share(std::nullopt), "-");
}

TEST(Figures, SecondsKeepThreeDigits) {
  EXPECT_EQ(seconds(33.84), "33.8 s");
  EXPECT_EQ(seconds(0.0), "0 s");
  EXPECT_EQ(seconds(std::nullopt), "-");
}

TEST(Figures, MemoryOfSeveralDevicesIsSummed) {
  EXPECT_EQ(total({}), 0U);
  EXPECT_EQ(total({k_gib, k_gib}), 2 * k_gib);
}

TEST(Figures, BytesBesideARateAreDecimal) { EXPECT_EQ(decimal_bytes(15'231'233'024), "15.2 GB"); }

TEST(Figures, OnlyCountingStartsCount) {
  auto bench = record::benches::distinct();
  bench.starts[0].valid = false;
  EXPECT_EQ(counting(bench, record::Mode::cold).size(), 4U);
}

TEST(Figures, AnsweredIsReadyWhereNoTokenIsServed) {
  auto start = record::benches::vllm_start("r", record::Mode::cold, 30);
  EXPECT_DOUBLE_EQ(answered(start), 30.25);
  start.first_token_s.reset();
  EXPECT_DOUBLE_EQ(answered(start), 30);
}

TEST(Figures, SmallWords) {
  EXPECT_EQ(counted(1, "run"), "1 run");
  EXPECT_EQ(counted(0, "run"), "0 runs");
  EXPECT_EQ(ratio(1.286), "1.29");
  EXPECT_EQ(ratio(42.31), "42.3");
  EXPECT_EQ(sentence_case("cold"), "Cold");
  EXPECT_EQ(sentence_case(""), "");
  EXPECT_EQ(interval({5, 1, -0.31, 1.2}), "-310 ms to 1.20 s");
  EXPECT_EQ(interval({1, 1, std::nullopt, std::nullopt}), "no interval");
}

}  // namespace
}  // namespace stoker::report
