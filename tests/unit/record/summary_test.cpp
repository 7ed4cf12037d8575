#include "stoker/record/summary.hpp"

#include <gtest/gtest.h>

#include "unit/record/benches.hpp"

namespace stoker::record {
namespace {

std::vector<std::string> names(const std::vector<Phase>& phases) {
  std::vector<std::string> list;
  for (const auto& phase : phases) list.push_back(phase.name);
  return list;
}

TEST(Summary, DistinctDifferenceImpliesARate) {
  const auto summary = summarize(benches::distinct());
  ASSERT_EQ(summary.modes.size(), 2U);
  EXPECT_EQ(summary.modes[0].mode, Mode::cold);
  EXPECT_EQ(summary.modes[0].valid, 5U);
  EXPECT_DOUBLE_EQ(summary.modes[0].load_s->median, 33.8);
  ASSERT_TRUE(summary.cold_minus_warm && summary.cold_minus_warm->distinct());
  EXPECT_NEAR(*summary.cold_over_warm, 33.8 / 26.2, 1e-12);
  EXPECT_NEAR(*summary.implied_bytes_per_s, 15'231'233'024 / 7.62, 1);
  EXPECT_NEAR(*summary.implied_over_ceiling, 15'231'233'024 / 7.62 / 3.5e9, 1e-9);
}

TEST(Summary, NoiseImpliesNothing) {
  const auto summary = summarize(benches::noisy());
  ASSERT_TRUE(summary.cold_minus_warm.has_value());
  EXPECT_FALSE(summary.cold_minus_warm->distinct());
  EXPECT_FALSE(summary.cold_over_warm || summary.implied_bytes_per_s || summary.implied_over_ceiling);
}

TEST(Summary, ColdThatIsFasterImpliesNoRate) {
  const auto summary = summarize(benches::vllm_with({20, 20.1, 19.9}, {30, 30.1, 29.9}));
  EXPECT_TRUE(summary.cold_minus_warm->distinct());
  EXPECT_TRUE(summary.cold_over_warm.has_value());
  EXPECT_FALSE(summary.implied_bytes_per_s.has_value());
}

TEST(Summary, MoreEvictedThanWeightsImpliesNoRate) {
  for (ColdScope scope : {ColdScope::all, ColdScope::fresh}) {
    auto bench = benches::distinct();
    bench.cold_scope = scope;
    EXPECT_FALSE(summarize(bench).implied_bytes_per_s.has_value());
  }
}

TEST(Summary, WithoutACeilingThereIsARateButNoShare) {
  for (std::optional<double> ceiling : {std::optional<double>(), std::optional(0.0)}) {
    auto bench = benches::distinct();
    bench.host.device_ceiling_bytes_per_s = ceiling;
    EXPECT_TRUE(summarize(bench).implied_bytes_per_s.has_value());
    EXPECT_FALSE(summarize(bench).implied_over_ceiling.has_value());
  }
}

// Round 2 has an invalid cold start: its warm partner must not slide to round 3.
TEST(Summary, PairsAreOfOneRound) {
  auto bench = benches::vllm_with({101, 0, 303}, {100, 200, 300});
  bench.starts[2].valid = false;
  const auto summary = summarize(bench);
  EXPECT_EQ(summary.modes[0].valid, 2U);
  EXPECT_EQ(summary.modes[0].invalid, 1U);
  EXPECT_EQ(summary.modes[1].valid, 3U);
  EXPECT_EQ(summary.cold_minus_warm->pairs, 2U);
  EXPECT_NEAR(summary.cold_minus_warm->mean, 2, 1e-9);
}

TEST(Summary, NoCommonRoundIsNoDifference) {
  auto bench = benches::vllm_with({10, 11}, {5, 6});
  bench.starts[0].valid = false;
  bench.starts[3].load_s.reset();
  EXPECT_FALSE(summarize(bench).cold_minus_warm.has_value());
  EXPECT_FALSE(summarize(benches::all_invalid()).cold_minus_warm.has_value());
}

TEST(Summary, ModesStandAsAskedForAndOnce) {
  auto bench = benches::vllm();
  bench.modes = {Mode::warm, Mode::cold, Mode::warm};
  bench.starts.push_back(benches::vllm_start("p", Mode::prewarm_warm, 9));
  const auto summary = summarize(bench);
  ASSERT_EQ(summary.modes.size(), 3U);
  EXPECT_EQ(summary.modes[0].mode, Mode::warm);
  EXPECT_EQ(summary.modes[1].mode, Mode::cold);
  EXPECT_EQ(summary.modes[2].mode, Mode::prewarm_warm);
  EXPECT_FALSE(summary.modes[0].load_s.has_value());
}

TEST(Summary, PhasesAreMediansInTheOrderOfTime) {
  auto bench = benches::vllm_with({10, 10, 10}, {});
  bench.starts[0].phases = {{"import", 5}, {"ready", 4}, {"unattributed", 1}};
  bench.starts[1].phases = {{"import", 6}, {"weights", 3}, {"ready", 0.5}, {"unattributed", 0.5}};
  bench.starts[2].phases = {{"import", 7}, {"weights", 1}, {"weights", 1}, {"ready", 1}};
  const auto phases = summarize(bench).modes[0].phases;
  EXPECT_EQ(names(phases), (std::vector<std::string>{"import", "weights", "ready", "unattributed"}));
  EXPECT_DOUBLE_EQ(phases[0].seconds, 6);
  EXPECT_DOUBLE_EQ(phases[1].seconds, 2);  // of 0, 3 and 1 + 1
  EXPECT_DOUBLE_EQ(phases[3].seconds, 0.5);
}

TEST(Summary, PairedTakesAnyMeasure) {
  auto bench = benches::vllm_with({30, 31}, {});
  for (int i = 0; i < 2; ++i) {
    bench.starts.push_back(benches::vllm_start("p", Mode::prewarm_cold, 20));
    bench.starts.back().warm_s = 4 + i;
  }
  const auto total = [](const Start& start) { return std::optional(*start.load_s + start.warm_s.value_or(0)); };
  const auto saved = paired(bench, {Mode::cold, Mode::prewarm_cold}, total);
  ASSERT_TRUE(saved.has_value());
  EXPECT_DOUBLE_EQ(saved->mean, 6);
}

}  // namespace
}  // namespace stoker::record
