#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/record/benches.hpp"
#include "unit/report/views.hpp"

namespace stoker::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string reading(const record::StartBench& bench) { return told(reading_section, bench); }
std::string reading(const std::vector<double>& cold, const std::vector<double>& warm) {
  return reading(record::benches::vllm_with(cold, warm));
}

// The same engine at 9 s and at 95 s: no sentence about what to do may stay.
TEST(StartReading, NineSecondsAndNinetyFiveReadDifferently) {
  const std::string fast = reading({}, {8.8, 9.0, 8.9}), slow = reading({}, {94, 95, 93});
  EXPECT_THAT(fast, HasSubstr("It can be started in front of the audience."));
  EXPECT_THAT(slow, HasSubstr("There is little room"));
  EXPECT_THAT(fast, HasSubstr("One replica is enough"));
  EXPECT_THAT(slow, HasSubstr("No start fits"));
  EXPECT_THAT(fast, HasSubstr("scaling from zero on a node like this is possible"));
  EXPECT_THAT(slow, HasSubstr("scaling from zero is not possible"));
  EXPECT_THAT(fast, HasSubstr("`failureThreshold: 14`"));
  EXPECT_THAT(slow, HasSubstr("`failureThreshold: 143`"));
}

TEST(StartReading, TooSlowForADemoIsToldSo) {
  EXPECT_THAT(reading({200, 210}, {190, 191}), HasSubstr("Have it running before"));
  EXPECT_THAT(reading({200, 210}, {80, 81}), HasSubstr("Start it before, from the state of the fastest (warm, 80.2 s)"));
}

TEST(StartReading, ColdAndWarmRestartsAreToldApart) {
  const std::string text = reading({70, 71}, {26, 27});
  EXPECT_THAT(text, HasSubstr("weights in the page cache: 27.0 s at worst, within."));
  EXPECT_THAT(text, HasSubstr("as after memory ran short: 71.0 s at worst, past."));
  EXPECT_THAT(text, HasSubstr("Clients see the slow ones unless a second replica serves."));
}

TEST(StartReading, ScalingFromZeroMayHangOnTheCache) {
  EXPECT_THAT(reading({14, 15}, {8, 9}), HasSubstr("only where the weights are resident: warm 9.25 s at worst, cold up to 15.2 s"));
  EXPECT_THAT(reading({}, {8, 15}), HasSubstr("some starts answered within it"));
}

TEST(StartReading, TheWorstStartDecidesNotTheMedian) {
  EXPECT_THAT(reading({}, {9, 9, 9, 9, 95}), HasSubstr("`failureThreshold: 143`"));
}

TEST(StartReading, InvalidStartsHaveNoSay) {
  auto bench = record::benches::vllm_with({}, {9, 9, 95});
  bench.starts[2].valid = false;
  EXPECT_THAT(reading(bench), HasSubstr("`failureThreshold: 14`"));
}

TEST(StartReading, PrewarmedStartsSpeakOnlyWhereThereAreNoOthers) {
  auto bench = record::benches::vllm_with({}, {9, 9});
  bench.starts.push_back(record::benches::vllm_start("p", record::Mode::prewarm_cold, 95));
  EXPECT_THAT(reading(bench), HasSubstr("`failureThreshold: 14`"));
  bench.starts.erase(bench.starts.begin(), bench.starts.begin() + 2);
  EXPECT_THAT(reading(bench), HasSubstr("`failureThreshold: 143`"));
}

TEST(StartReading, LabEngineIsCalledAFloor) {
  EXPECT_THAT(reading(record::benches::one_each()), HasSubstr("The lab engine only loads."));
  EXPECT_THAT(reading(record::benches::one_each()), Not(HasSubstr("startupProbe")));
  EXPECT_THAT(reading(record::benches::distinct()), Not(HasSubstr("The lab engine")));
}

TEST(StartReading, ScopeSaysWhatAColdStartStandsFor) {
  auto bench = record::benches::distinct();
  EXPECT_THAT(reading(bench), HasSubstr("Nothing here speaks for a node"));
  bench.cold_scope = record::ColdScope::all;
  EXPECT_THAT(reading(bench), HasSubstr("First start after a reboot: 34.9 s at worst"));
  bench.cold_scope = record::ColdScope::fresh;
  EXPECT_THAT(reading(bench), HasSubstr("First start of a fresh container: 34.9 s at worst"));
  EXPECT_THAT(reading(bench), Not(HasSubstr("Nothing here speaks for a node")));
}

TEST(StartReading, FewStartsAreToldAsFew) {
  EXPECT_THAT(reading({33}, {26}), HasSubstr("about 1 in 2."));
  EXPECT_THAT(reading(record::benches::distinct()), HasSubstr("about 1 in 6."));
}

TEST(StartReading, NothingValidNothingRead) { EXPECT_THAT(reading(record::benches::all_invalid()), HasSubstr("No start counts")); }

}  // namespace
}  // namespace stoker::report
