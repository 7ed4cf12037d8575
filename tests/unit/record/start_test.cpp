#include "stoker/record/start.hpp"

#include <gtest/gtest.h>

namespace stoker::record {
namespace {

TEST(Start, NamesOfModesAndScopesGoBothWays) {
  for (Mode mode : {Mode::cold, Mode::warm, Mode::prewarm_cold, Mode::prewarm_warm}) EXPECT_EQ(mode_named(to_string(mode)), mode);
  for (ColdScope scope : {ColdScope::weights, ColdScope::all, ColdScope::fresh}) EXPECT_EQ(cold_scope_named(to_string(scope)), scope);
  EXPECT_EQ(mode_named("Cold"), std::nullopt);
  EXPECT_EQ(mode_named(""), std::nullopt);
  EXPECT_EQ(cold_scope_named("everything"), std::nullopt);
}

TEST(Start, CountsOnlyWithAProvedStateAndATime) {
  Start start;
  start.valid = true;
  EXPECT_FALSE(start.counts());
  start.load_s = 3.0;
  EXPECT_TRUE(start.counts());
  EXPECT_EQ(start.why_invalid(), "");
  start.valid = false;
  EXPECT_FALSE(start.counts());
}

TEST(Start, WhatDoesNotCountAlwaysHasAReason) {
  Start start;
  EXPECT_EQ(start.why_invalid(), "no reason was recorded");
  start.valid = true;
  EXPECT_EQ(start.why_invalid(), "never ready");
  start.exit = "killed by signal 9";
  EXPECT_EQ(start.why_invalid(), "killed by signal 9");
  start.invalid_reason = "held by pid 7";
  EXPECT_EQ(start.why_invalid(), "held by pid 7");
}

TEST(Start, GpuMemoryIsTheSumAtReadyInDecimalMegabytes) {
  Start start;
  EXPECT_EQ(start.gpu_mem_used_mb(), std::nullopt);
  start.gpu = GpuMemory{};
  EXPECT_EQ(start.gpu_mem_used_mb(), std::nullopt);
  start.gpu->ready = {1'000'000'000, 2'499'999};
  start.gpu->peak = {9'000'000'000, 0};
  EXPECT_EQ(start.gpu_mem_used_mb(), 1002U);
}

}  // namespace
}  // namespace stoker::record
